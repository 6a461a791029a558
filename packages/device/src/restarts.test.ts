import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger, VirtualClock } from '@cardea/core';
import { Restarts } from './restarts.ts';
import { DeviceStore } from './state/device-store.ts';

test('device.reboot: while firmware is installed a restart is refused with 1013, afterwards it is taken', async (t) => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'cardea-restart-'));
  t.after(() => rm(stateDirectory, { recursive: true }));
  const clock = new VirtualClock();
  const restarts = new Restarts({ store: await DeviceStore.open(stateDirectory), clock, logger: silentLogger });
  let installing = true;
  restarts.refuseWhile(() => installing);
  const task = { taskId: '01KDVAHX5Q6R8D0G2E9ZKMJ4PT' };
  await assert.rejects(restarts.plan(task), { code: 1013, retryable: true });
  installing = false;
  assert.equal((await restarts.plan(task)).rebootAt, clock.now() + 1_000);
  await clock.advance(1_000);
  assert.deepEqual(await restarts.wanted, { reason: 'reboot', graceful: true, downTimeMs: 2_000 });
});
