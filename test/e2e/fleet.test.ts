import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRandom, SystemClock, silentLogger } from '@cardea/core';
import { Fleet } from '@cardea/device';
import { startPlatformHere } from './device-management/platform-here.ts';
import { eventually } from './eventually.ts';
import { watch } from './live-viewer.ts';

const COUNT = 20;
const PATIENCE_MS = 90_000;

test('a fleet of twenty devices of four kinds binds, goes online, and two of them are watched', async () => {
  await using stack = new AsyncDisposableStack();
  const { url, owner } = stack.use(await startPlatformHere());
  const { client, homeId } = owner;
  const directory = stack.adopt(await mkdtemp(join(tmpdir(), 'cardea-fleet-')), (path) => rm(path, { recursive: true, force: true }));
  const clock = new SystemClock();
  const fleet = stack.use(
    new Fleet({
      platformUrl: url,
      count: COUNT,
      stateDirectory: directory,
      profiles: ['camera', 'doorbell', 'battery', 'nvr'],
      faults: ['clock-skew'],
      bindingCode: async () => (await client.call('bindingCode.create', { params: { id: homeId }, body: {} })).code,
      recording: 'off',
      spreadMs: 2_000,
      alarmEveryMs: 5_000,
      clock,
      random: createRandom(clock),
      logger: silentLogger,
    }),
  );
  fleet.start();
  await eventually(
    'every device is bound and there',
    async () => {
      const { bound, online, asleep } = fleet.state;
      return bound === COUNT && online + asleep === COUNT ? true : undefined;
    },
    PATIENCE_MS,
  );
  assert.equal(fleet.state.failed, 0);
  const { items } = await client.call('device.list', { query: { limit: 100 } });
  assert.equal(items.length, COUNT);
  const recorders = items.filter(({ model }) => model === 'Simulated recorder');
  assert.equal(recorders.length, COUNT / 4);
  const watched = [recorders[0], items.find(({ model }) => model === 'Simulated camera')];
  await Promise.all(
    watched.map(async (device) => {
      const session = await client.call('live.create', { params: { id: device?.id ?? '' }, body: { channel: 1, stream: 'sub' } });
      assert.ok((await watch(session.urls.ws, 20)).bytes.length > 1_000);
    }),
  );
  await eventually(
    'somebody rings',
    async () => {
      const { items: alarms } = await client.call('event.list', { query: { homeId, kind: 'alarm', type: 'doorbell' } });
      return alarms.length > 0 ? true : undefined;
    },
    PATIENCE_MS,
  );
});
