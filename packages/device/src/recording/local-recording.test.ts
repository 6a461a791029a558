import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { TestBench } from '../stub-platform/test-bench.ts';

const START_AT = 1_767_225_600_000;
const ALL = { channel: 1, fromAt: START_AT - 1_000, toAt: START_AT + 86_400_000 };
const TASK = '01KDVAS8F3X5B7Q9D1G4J6M8NR';

async function configured(patch: Readonly<Record<string, unknown>>, options: { quotaBytes?: number } = {}): Promise<TestBench> {
  const bench = await TestBench.open();
  await bench.onlineAgent(options);
  await bench.platform.device.request('config.set', { patch });
  await bench.pass(4_000);
  return bench;
}

/** Some farewells have deadlines: time goes on meanwhile. */
async function end(bench: TestBench, agent: AsyncDisposable): Promise<void> {
  let ended = false;
  const ending = agent[Symbol.asyncDispose]().then(() => {
    ended = true;
  });
  await bench.within(60_000, () => ended, 'the device has stopped');
  await ending;
}

async function files(bench: TestBench): Promise<readonly string[]> {
  return (await readdir(join(bench.stateDirectory, 'ring'))).filter((name) => name.endsWith('.mp4'));
}

test('record.list: what is recorded on the disk of the device is one span for as long as it has no gap', async () => {
  await using bench = await configured({ 'record.local.mode': 'continuous', 'record.cloud.mode': 'off' });
  await bench.pass(45_000);
  const { device, video } = bench.platform;
  const { spans, oldestAt, newestAt } = (await device.request('record.list', ALL)).result;
  const [, span] = spans.length === 2 ? spans : [undefined, ...spans];
  assert.equal(span.type, 'continuous');
  assert.equal(span.stream, 'main');
  assert.equal(span.protected, false);
  assert.equal(span.endAt, newestAt);
  assert.ok(span.endAt - span.startAt >= 30_000, `${span.endAt - span.startAt} ms`);
  assert.ok(oldestAt <= span.startAt);
  assert.ok(video.segments.length <= 1, 'what is for the disk only is not uploaded');
  const status = (await device.request('device.getStatus', {})).result;
  assert.deepEqual(status.channels[0].recording, { local: 'continuous', cloud: 'off', active: true });
  assert.equal(status.disks[0].state, 'normal');
});

test('record.list: pages follow each other without repeating a span, kinds can be chosen', async () => {
  await using bench = await configured({ 'record.local.mode': 'event', 'record.cloud.mode': 'off', 'record.local.postRollSec': 1 });
  const { device } = bench.platform;
  for (let alarm = 0; alarm < 3; alarm += 1) {
    await device.request('alarm.trigger', { channel: 1, alarmType: 'motion', durationSec: 1 });
    await bench.pass(20_000);
  }
  const all = (await device.request('record.list', { ...ALL, types: ['event'] })).result.spans;
  assert.ok(all.length >= 3);
  assert.equal((await device.request('record.list', { ...ALL, types: ['manual'] })).result.spans.length, 0);
  const paged = [];
  for (let cursor: string | undefined, more = true; more; ) {
    const { spans, next } = (await device.request('record.list', { ...ALL, types: ['event'], limit: 1, ...(cursor && { cursor }) })).result;
    paged.push(...spans);
    cursor = next;
    more = next !== undefined;
  }
  assert.deepEqual(paged, all);
  assert.ok(all.every((span: { readonly protected: boolean }) => span.protected));
});

test('record.start: to both, one file is uploaded and stays on the disk', async () => {
  await using bench = await configured({ 'record.cloud.mode': 'off' });
  const { device, video } = bench.platform;
  const { startAt } = (
    await device.request('record.start', { taskId: TASK, channel: 1, target: 'both', durationSec: 12, reason: 'manual' })
  ).result;
  await bench.within(40_000, () => video.stored.filter(({ create }) => create.taskId === TASK).length >= 1, 'the task is stored');
  await bench.pass(5_000);
  const spans = (await device.request('record.list', { ...ALL, fromAt: startAt - 1, types: ['manual'] })).result.spans;
  assert.equal(spans.length, 1);
  assert.ok(spans[0].endAt - spans[0].startAt >= 9_000);
  assert.ok((await files(bench)).length >= 1);
});

test('record.start: tasks for the disk and for the video service run side by side, two for the same place do not (1008)', async () => {
  await using bench = await configured({ 'record.cloud.mode': 'off' });
  const { device } = bench.platform;
  const params = { channel: 1, reason: 'manual' };
  assert.equal((await device.request('record.start', { ...params, taskId: TASK, target: 'local' })).error, undefined);
  const second = { ...params, taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NS' };
  assert.equal((await device.request('record.start', { ...second, target: 'both' })).error.code, 1008);
  assert.equal((await device.request('record.start', { ...second, target: 'cloud' })).error, undefined);
  await bench.pass(3_000);
  const stopped = (await device.request('record.stop', { target: 'local' })).result.stopped;
  assert.deepEqual(
    stopped.map(({ taskId }: { readonly taskId: string }) => taskId),
    [TASK],
  );
  assert.equal((await device.request('record.stop', { target: 'local' })).error.code, 1306);
  assert.equal((await device.request('record.stop', {})).result.stopped.length, 1);
});

test('record.start: the pre-roll of a task reaches thirty seconds back into what is recorded locally', async () => {
  await using bench = await configured({ 'record.local.mode': 'continuous', 'record.cloud.mode': 'off' });
  await bench.pass(50_000);
  const { device, video } = bench.platform;
  const askedAt = bench.clock.now();
  const { startAt } = (
    await device.request('record.start', { taskId: TASK, channel: 1, target: 'cloud', preRollSec: 30, durationSec: 5, reason: 'alarm' })
  ).result;
  assert.ok(askedAt - startAt >= 29_000);
  const ofTask = (): readonly number[] => video.stored.filter(({ create }) => create.taskId === TASK).map(({ create }) => create.startAt);
  await bench.within(30_000, () => ofTask().length >= 5, 'the pre-roll is stored');
  assert.ok(Math.min(...ofTask()) <= askedAt - 30_000);
});

test('alarms: with the disk recording all the time, the video service gets the alarm and what was before it', async () => {
  await using bench = await configured({
    'record.local.mode': 'continuous',
    'record.cloud.mode': 'event',
    'record.cloud.preRollSec': 5,
    'record.cloud.postRollSec': 3,
  });
  await bench.pass(35_000);
  const { device, video } = bench.platform;
  const alarmAt = bench.clock.now();
  const { eventId } = (await device.request('alarm.trigger', { channel: 1, alarmType: 'motion', durationSec: 4 })).result;
  await bench.pass(30_000);
  const events = video.stored.filter(({ create }) => create.eventId === eventId);
  assert.ok(Math.min(...events.map(({ create }) => create.startAt)) <= alarmAt - 5_000);
  assert.ok(Math.max(...events.map(({ confirm }) => confirm?.endAt)) >= alarmAt + 6_900);
  const { spans } = (await device.request('record.list', { ...ALL, fromAt: alarmAt - 10_000, toAt: alarmAt + 10_000 })).result;
  for (let index = 1; index < spans.length; index += 1) assert.equal(spans[index].startAt, spans[index - 1].endAt, 'no gap on the disk');
  assert.ok(spans.some((span: { readonly type: string }) => span.type === 'event'));
});

test('the ring: when it is full the oldest goes, what was recorded for an alarm stays up to its share', async () => {
  await using bench = await configured(
    { 'record.local.mode': 'event', 'record.cloud.mode': 'off', 'record.local.postRollSec': 1, 'record.local.preRollSec': 0 },
    { quotaBytes: 2_500_000 },
  );
  const { device } = bench.platform;
  const { eventId } = (await device.request('alarm.trigger', { channel: 1, alarmType: 'motion', durationSec: 2 })).result;
  await bench.pass(8_000);
  await device.request('config.set', { patch: { 'record.local.mode': 'continuous' } });
  await bench.pass(100_000);
  const { spans } = (await device.request('record.list', ALL)).result;
  assert.equal(spans[0].eventId, eventId);
  assert.equal(spans[0].protected, true);
  assert.ok(spans[1].startAt > START_AT + 20_000, 'continuous recording gave way');
  const [disk] = (await device.request('disk.getInfo', {})).result.disks;
  assert.ok(disk.usedBytes <= disk.totalBytes);
  assert.equal(disk.totalBytes, 2_500_000);
  assert.ok(disk.usedBytes > 1_500_000);
});

test('record.sync: uploads what the disk has of a range, else 1305, as backfill and tells how far it is', async () => {
  await using bench = await configured({ 'record.local.mode': 'continuous', 'record.cloud.mode': 'off' });
  await bench.pass(45_000);
  const { device, video } = bench.platform;
  const before = video.stored.length;
  const task = { taskId: TASK, channel: 1, fromAt: START_AT + 5_000, toAt: START_AT + 35_000 };
  const first = (await device.request('record.sync', task)).result;
  assert.ok(first.segmentsTotal >= 3);
  assert.ok(['queued', 'running'].includes(first.state));
  await bench.within(60_000, () => video.stored.length >= before + first.segmentsTotal - 1, 'the range is stored');
  await bench.pass(1_000);
  const last = (await device.request('record.sync', task)).result;
  assert.equal(last.state, 'done');
  assert.equal(last.segmentsDone, first.segmentsTotal);
  assert.ok(video.stored.slice(before).every(({ create }) => create.kind === 'backfill'));
  const empty = { taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NS', channel: 1, fromAt: START_AT - 20_000, toAt: START_AT - 10_000 };
  assert.equal((await device.request('record.sync', empty)).error.code, 1305);
});

test('record.sync: a task that is cancelled leaves the rest where it is', async () => {
  await using bench = await configured({ 'record.local.mode': 'continuous', 'record.cloud.mode': 'off' });
  await bench.pass(45_000);
  const { device, video } = bench.platform;
  video.onRequest = (what) => (what === 'create' ? { status: 503 } : undefined);
  const task = { taskId: TASK, channel: 1, fromAt: START_AT, toAt: START_AT + 40_000 };
  await device.request('record.sync', task);
  const cancelled = (await device.request('record.sync', { ...task, cancel: true })).result;
  assert.equal(cancelled.state, 'cancelled');
  video.onRequest = () => undefined;
  const before = video.stored.length;
  await bench.pass(90_000);
  assert.ok(video.stored.length - before <= 1);
  assert.ok((await device.request('record.list', ALL)).result.spans.length > 0);
});

test('what stays on the disk outlives a restart, and every file of it plays', async () => {
  await using bench = await TestBench.open();
  const first = await bench.onlineAgent();
  await bench.platform.device.request('config.set', { patch: { 'record.local.mode': 'continuous', 'record.cloud.mode': 'off' } });
  await bench.pass(25_000);
  await end(bench, first);
  await bench.onlineAgent();
  const { spans } = (await bench.platform.device.request('record.list', ALL)).result;
  assert.ok(spans.at(-1).endAt >= START_AT + 24_000);
  for (const name of await files(bench)) {
    const { status, stderr } = spawnSync('ffprobe', ['-v', 'error', '-count_frames', join(bench.stateDirectory, 'ring', name)]);
    assert.equal(`${status} ${stderr}`, '0 ');
  }
});
