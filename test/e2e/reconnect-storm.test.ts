import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmNotification } from '@cardea/protocol';
import { answerWithName, askForName } from '../support/busy-fleet.ts';
import { LightFleet } from '../support/light-fleet.ts';
import { startPlatformProcess, unlimited } from '../support/platform-process.ts';

const DEVICES = 2_000;
/** Of them, in each of two homes. */
const BOUND = 20;
const SPARED = 50;
/** P10 of the reliability targets. */
const BACK_MS = 20_000;
const ATTEMPTS_EACH = 1.5;

test('2,000 devices that lose their connection at once are back in 20 s, hardly any tries twice, and none is taken for another', async (t) => {
  await using platform = await startPlatformProcess(unlimited);
  const { owner } = platform;
  const { client, url } = owner;
  await using crowd = new LightFleet({ answer: answerWithName, methods: ['record.list'] });
  await using spared = new LightFleet();
  await Promise.all([crowd.connect(url, DEVICES), spared.connect(url, SPARED)]);
  const second = await client.call('home.create', { body: { name: 'Second', timezone: 'UTC' } });
  const homes = [owner.homeId, second.id].map((homeId, at) => ({ homeId, devices: crowd.devices.slice(at * BOUND, (at + 1) * BOUND) }));
  for (const { devices, homeId } of homes) {
    for (const device of devices) await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  }

  spared.startPings();
  const { attempts, devices, lastBackMs } = await crowd.storm();
  const pings = await spared.stopPings();
  t.diagnostic(
    `all back after ${Math.round(lastBackMs)} ms, ${attempts / devices} attempts each, ${pings.length} keep-alives of the others`,
  );
  assert.ok(lastBackMs <= BACK_MS, `the last was back after ${lastBackMs} ms`);
  assert.ok(attempts <= DEVICES * ATTEMPTS_EACH, `${attempts} attempts`);
  assert.ok(
    spared.devices.every((device) => device.attempts === 1),
    'who was not cut stayed',
  );

  for (const { devices: own, homeId } of homes) {
    await Promise.all(
      own.map((device) => device.call(alarmNotification, { ...device.eventFields(), channel: 1, alarmType: 'motion', state: 'pulse' })),
    );
    await Promise.all(own.map((device) => askForName(owner, device, 'whose')));
    const ids = own.map(({ id }) => id).toSorted();
    const shown = await client.call('device.list', { query: { homeId, limit: 200 } });
    assert.deepEqual(
      shown.items.map(({ id, state }) => `${id} ${state}`).toSorted(),
      ids.map((id) => `${id} online`),
    );
    const { items } = await client.call('event.list', { query: { homeId, kind: 'alarm', limit: 200 } });
    assert.deepEqual(items.map(({ deviceId }) => deviceId).toSorted(), ids);
  }
});
