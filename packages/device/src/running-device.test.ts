import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestBench } from './stub-platform/test-bench.ts';

const TASK = '01KDVAHX5Q6R8D0G2E9ZKMJ4PT';
const OTHER_TASK = '01KDVAHX5Q6R8D0G2E9ZKMJ4PV';

test('device.reboot: the device answers, goes down, and comes back with a new boot id that says why', async () => {
  await using bench = await TestBench.open();
  await bench.device();
  const before = bench.platform.device;
  const { info: first } = before.all('device.keepAlive')[0]?.params ?? {};
  assert.equal(first.bootReason, 'powerUp');
  const answer = await before.request('device.reboot', { taskId: TASK, delaySec: 1 });
  assert.deepEqual(answer.result, { accepted: true, rebootAt: bench.clock.now() + 1_000, expectedDownTimeSec: 5 });
  await bench.within(60_000, () => before.closeCode !== undefined, 'the connection is closed');
  assert.equal(before.closeCode, 1001);
  await bench.within(
    10_000,
    () => bench.platform.device.all('device.keepAlive').length > 0 && bench.platform.vd.length === 2,
    'it is back',
  );
  const { seq, uptimeSec, info } = bench.platform.device.all('device.keepAlive')[0]?.params ?? {};
  assert.equal(seq, 0);
  assert.equal(uptimeSec, 0);
  assert.equal(info.bootReason, 'reboot');
  assert.notEqual(info.bootId, first.bootId);
});

test('device.reboot: a task that is repeated, before or after the restart, restarts the device once; another one meanwhile is 1004', async () => {
  await using bench = await TestBench.open();
  await bench.device();
  const before = bench.platform.device;
  const first = await before.request('device.reboot', { taskId: TASK, delaySec: 5 });
  assert.deepEqual((await before.request('device.reboot', { taskId: TASK, delaySec: 5 })).result, first.result);
  const busy = await before.request('device.reboot', { taskId: OTHER_TASK });
  assert.deepEqual([busy.error.code, busy.error.data.details], [1004, { taskId: TASK }]);
  await bench.within(60_000, () => bench.platform.vd.length === 2, 'it is back');
  await bench.until(() => bench.platform.device.all('device.keepAlive').length > 0, 'it is online');
  assert.deepEqual((await bench.platform.device.request('device.reboot', { taskId: TASK })).result, first.result);
  await bench.idle(20_000);
  assert.equal(bench.platform.vd.length, 2);
});

test('device.reboot: a start after a reboot that was told counts as power-up again', async () => {
  await using bench = await TestBench.open();
  {
    const device = await bench.device();
    await bench.platform.device.request('device.reboot', { taskId: TASK, mode: 'immediate', delaySec: 0 });
    await bench.within(60_000, () => bench.platform.vd.length === 2 && device.online, 'it is back');
    await device[Symbol.asyncDispose]();
  }
  await bench.device();
  assert.equal(bench.platform.device.all('device.keepAlive')[0]?.params.info.bootReason, 'powerUp');
});
