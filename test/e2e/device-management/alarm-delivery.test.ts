import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HomeEvent } from '@cardea/api';
import { alarmNotification } from '@cardea/protocol';
import { FaultProxy, noFaults } from '../../support/fault-proxy.ts';
import { LightDevice } from '../../support/light-device.ts';
import { seeded, seedOfRun } from '../../support/seeded.ts';
import { startPlatformHere } from './platform-here.ts';

const DEVICES = 20;
const ALARMS = 50;
const AT_ONCE = 3;

test('alarm.notify: of 1,000 alarms that are repeated, reordered and cut off each is shown once, page by page', async (context) => {
  const seed = seedOfRun();
  context.diagnostic(`SEED=${seed}`);
  const random = seeded(seed);
  await using platform = await startPlatformHere({
    'limits.schedulesPerMinute': 1_000_000,
    'limits.schedulesPerSecond': 1_000_000,
    'limits.replacements': 1_000_000,
  });
  const { client, homeId } = platform.owner;
  const { hostname, port } = new URL(platform.url);
  await using proxy = await FaultProxy.start({ host: hostname, port: Number(port), seed, faults: noFaults });
  const route = (vdUrl: string): string => vdUrl.replace(`:${port}`, `:${proxy.port}`);
  const retry = { baseMs: 50, maxMs: 500 };
  const devices = Array.from({ length: DEVICES }, () => new LightDevice({ platformUrl: platform.url, route, retry }));
  await using _stop = { [Symbol.asyncDispose]: async () => void (await Promise.all(devices.map((device) => device.stop()))) };
  for (const device of devices) {
    await device.start();
    await device.bind((await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code);
  }
  proxy.faults = { ...noFaults, jitterMs: 5, duplicate: 0.3, reorder: 0.3, cut: 0.004 };
  const sent = new Set<string>();
  const report = async (device: LightDevice): Promise<void> => {
    const content = { ...device.eventFields(), channel: 1, alarmType: 'motion', state: 'pulse' } as const;
    sent.add(`${device.id}/${content.eventId}`);
    await device.report(alarmNotification, content);
    // What was acknowledged may come again: the device did not hear it, or restarted.
    if (random() < 0.3) await device.report(alarmNotification, content);
  };
  await Promise.all(
    devices.flatMap((device) =>
      Array.from({ length: AT_ONCE }, async (_, lane) => {
        for (let count = lane; count < ALARMS; count += AT_ONCE) await report(device);
      }),
    ),
  );
  proxy.faults = noFaults;
  const shown: HomeEvent[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.call('event.list', { query: { kind: 'alarm', limit: 170, ...(cursor !== undefined && { cursor }) } });
    shown.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  assert.equal(shown.length, DEVICES * ALARMS);
  assert.deepEqual(new Set(shown.map(({ deviceId, eventId }) => `${deviceId}/${eventId}`)), sent);
  assert.deepEqual(
    shown.map(({ occurredAt }) => occurredAt),
    shown.map(({ occurredAt }) => occurredAt).sort((a, b) => b - a),
  );
  assert.ok(proxy.counts.cut > 0 && proxy.counts.duplicated > 500 && proxy.counts.reordered > 500);
});
