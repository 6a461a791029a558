import assert from 'node:assert/strict';
import { chmod, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger } from '@cardea/core';
import { SegmentRing } from '../recording/segment-ring.ts';
import type { Json } from '../stub-platform/stub-vd.ts';
import { TestBench } from '../stub-platform/test-bench.ts';
import { Disk } from './disk.ts';

const START_AT = 1_767_225_600_000;
const TASK = '01KDVBJ2T4W6Y8B0D1F3H5K7N9';
const ALL = { channel: 1, fromAt: START_AT - 1_000, toAt: START_AT + 86_400_000 };

async function recordingBench(options: { readonly quotaBytes?: number; readonly patch?: Json } = {}): Promise<TestBench> {
  const bench = await TestBench.open();
  bench.platform.video.plan = { active: false, kind: 'none', retainDays: 0 };
  await bench.onlineAgent(options.quotaBytes === undefined ? {} : { quotaBytes: options.quotaBytes });
  await bench.platform.device.request('config.set', { patch: { 'record.local.mode': 'continuous', ...options.patch } });
  return bench;
}

async function disk(bench: TestBench): Promise<Json> {
  return (await bench.platform.device.request('disk.getInfo', {})).result.disks[0];
}

function alarms(bench: TestBench): readonly unknown[] {
  return bench.platform.device.all('alarm.notify').map(({ params }) => params.alarmType);
}

test('disk.getInfo: the disk is as large as its quota, and says what is on it', async () => {
  await using bench = await recordingBench({ quotaBytes: 50_000_000 });
  await bench.pass(25_000);
  const info = await disk(bench);
  assert.equal(info.diskId, 1);
  assert.equal(info.state, 'normal');
  assert.equal(info.totalBytes, 50_000_000);
  assert.equal(info.usedBytes + info.freeBytes, 50_000_000);
  assert.ok(info.usedBytes > 500_000);
  assert.equal(info.overwrite, true);
  assert.equal(info.recording, true);
  assert.ok(info.oldestAt >= START_AT && info.newestAt >= info.oldestAt + 10_000);
  assert.equal((await bench.platform.device.request('disk.getInfo', { diskId: 2 })).error.code, 1300);
});

test('disk.format: recording stops, everything is erased, an alarm tells, and recording goes on', async () => {
  await using bench = await recordingBench();
  await bench.pass(25_000);
  const { device } = bench.platform;
  const before = (await device.request('record.list', ALL)).result.newestAt;
  const answer = (await device.request('disk.format', { taskId: TASK, diskId: 1, confirm: true })).result;
  assert.deepEqual({ ...answer, expectedSec: 0 }, { taskId: TASK, state: 'formatting', expectedSec: 0 });
  await bench.until(() => alarms(bench).includes('diskFormatted'), 'an alarm');
  assert.equal((await disk(bench)).state, 'normal');
  assert.equal((await device.request('record.list', ALL)).result.spans.length, 0);
  await bench.pass(15_000);
  const { spans } = (await device.request('record.list', ALL)).result;
  assert.ok(spans[0].startAt >= before);
  assert.equal((await device.request('disk.format', { taskId: TASK, diskId: 3, confirm: true })).error, undefined, 'the first outcome');
  const other = '01KDVBJ2T4W6Y8B0D1F3H5K7NA';
  assert.equal((await device.request('disk.format', { taskId: other, diskId: 3, confirm: true })).error.code, 1300);
});

test('disk.format, record.start, record.list, record.sync, playback.start: while the disk is erased nothing uses it, 1303', async () => {
  await using bench = await recordingBench();
  await bench.pass(25_000);
  const { device } = bench.platform;
  const sessionId = '01KDVBA3H5K7N9Q2T4W6Y8B0D1';
  const { target } = bench.platform.livePush(sessionId);
  const { oldestAt } = await disk(bench);
  await device.request('playback.start', { sessionId, channel: 1, startAt: oldestAt, target });
  await bench.within(3_000, () => (bench.platform.pushes[0]?.pictures.length ?? 0) > 0, 'playback');
  const [formatting, again, recording, list, sync, second] = await Promise.all([
    device.request('disk.format', { taskId: TASK, diskId: 1, confirm: true }),
    device.request('disk.format', { taskId: '01KDVBJ2T4W6Y8B0D1F3H5K7NA', diskId: 1, confirm: true }),
    device.request('record.start', { taskId: '01KDVBJ2T4W6Y8B0D1F3H5K7NB', channel: 1, target: 'local', reason: 'manual' }),
    device.request('record.list', ALL),
    device.request('record.sync', { taskId: '01KDVBJ2T4W6Y8B0D1F3H5K7NC', ...ALL }),
    device.request('playback.start', { sessionId: '01KDVBA3H5K7N9Q2T4W6Y8B0D2', channel: 1, startAt: oldestAt, target }),
  ]);
  assert.equal(formatting.result.state, 'formatting');
  assert.equal(again.error.code, 1303);
  assert.equal(recording.error.code, 1303);
  assert.equal(list.error.code, 1303);
  assert.equal(sync.error.code, 1303);
  assert.equal(second.error.code, 1303);
  const status = (await device.request('playback.getStatus', { sessionId })).result;
  assert.equal(status.state, 'error');
  assert.equal(status.error.code, 1303);
  await bench.until(() => bench.platform.pushes[0]?.texts.at(-1)?.type === 'stop', 'a stop frame');
});

test('disk.format: a device that stopped in the middle has an unformatted disk, until it is formatted', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.plan = { active: false, kind: 'none', retainDays: 0 };
  const first = await bench.onlineAgent();
  await first[Symbol.asyncDispose]();
  await writeFile(join(bench.stateDirectory, 'ring', 'erasing'), '');
  await bench.onlineAgent();
  const { device } = bench.platform;
  assert.equal((await disk(bench)).state, 'unformatted');
  const task = { taskId: '01KDVBJ2T4W6Y8B0D1F3H5K7NB', channel: 1, target: 'local', reason: 'manual' };
  assert.equal((await device.request('record.start', task)).error.code, 1304);
  assert.equal((await device.request('record.list', ALL)).error.code, 1304);
  await device.request('disk.format', { taskId: TASK, diskId: 1, confirm: true });
  await bench.until(() => alarms(bench).includes('diskFormatted'), 'an alarm');
  assert.equal((await device.request('record.start', task)).error, undefined);
});

test('record.start: without overwriting the disk fills up, says so, refuses with 1302, and keeps what it has', async () => {
  await using bench = await recordingBench({ quotaBytes: 2_000_000, patch: { 'record.local.overwrite': false } });
  await bench.within(60_000, () => alarms(bench).includes('diskFull'), 'an alarm');
  await bench.pass(5_000);
  const { device } = bench.platform;
  const info = await disk(bench);
  assert.equal(info.state, 'full');
  assert.equal(info.recording, false);
  const { oldestAt } = info;
  const task = { taskId: '01KDVBJ2T4W6Y8B0D1F3H5K7NB', channel: 1, target: 'local', reason: 'manual' };
  assert.equal((await device.request('record.start', task)).error.code, 1302);
  await bench.pass(20_000);
  assert.equal((await disk(bench)).oldestAt, oldestAt);
  await device.request('config.set', { patch: { 'record.local.overwrite': true } });
  await bench.pass(25_000);
  assert.equal((await disk(bench)).recording, true);
  assert.ok((await disk(bench)).oldestAt > oldestAt);
});

test('disk error: a directory that is gone is an alarm, and recording comes back with it', async () => {
  await using bench = await recordingBench();
  await bench.pass(5_000);
  const ring = join(bench.stateDirectory, 'ring');
  await rename(ring, `${ring}-away`);
  await writeFile(ring, 'in the way');
  await bench.within(30_000, () => alarms(bench).includes('diskError'), 'an alarm');
  const info = await disk(bench);
  assert.equal(info.state, 'error');
  assert.ok(info.error.length > 0);
  const task = { taskId: '01KDVBJ2T4W6Y8B0D1F3H5K7NB', channel: 1, target: 'local', reason: 'manual' };
  assert.equal((await bench.platform.device.request('record.start', task)).error.code, 1301);
  await rm(ring);
  await rename(`${ring}-away`, ring);
  await bench.pass(35_000);
  assert.equal((await disk(bench)).state, 'normal');
  assert.equal((await disk(bench)).recording, true);
  assert.ok((await readdir(ring)).length > 0);
});

test('disk.format: what the video service was told of and does not have yet is withdrawn', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  const { device, video } = bench.platform;
  video.onRequest = (what) => (what === 'put' ? { status: 503 } : undefined);
  await bench.within(60_000, () => video.segments.length > 0, 'an announced segment');
  const [announced] = video.segments;
  await device.request('disk.format', { taskId: TASK, diskId: 1, confirm: true });
  await bench.within(10_000, () => announced?.state === 'cancelled', 'it is cancelled');
  assert.equal(announced?.cancelReason, 'diskLost');
});

test('record.start: a disk that may only be read refuses with 1309', async () => {
  await using bench = await TestBench.open();
  const ring = await SegmentRing.open({ stateDirectory: join(bench.stateDirectory, 'other'), quotaBytes: 1_000_000, logger: silentLogger });
  using disk = new Disk({
    ring,
    config: { flag: () => true },
    events: { publish: async () => '' },
    vacate: async () => {},
    onChange: () => {},
    clock: bench.clock,
    logger: silentLogger,
  });
  disk.failed(Object.assign(new Error('read-only file system'), { code: 'EROFS' }));
  assert.equal(disk.state, 'readOnly');
  for (const side of ['local', 'cloud'] as const) assert.throws(() => disk.check(side), { code: 1309 });
  disk.checkReadable();
  await ring[Symbol.asyncDispose]();
});

test('disk read only: what may not be written is not an error of the disk', { skip: process.getuid?.() === 0 }, async () => {
  await using bench = await recordingBench();
  await bench.pass(5_000);
  const ring = join(bench.stateDirectory, 'ring');
  await chmod(ring, 0o500);
  await bench.within(30_000, () => alarms(bench).includes('diskError'), 'an alarm');
  assert.equal((await disk(bench)).state, 'readOnly');
  await chmod(ring, 0o700);
  await bench.pass(15_000);
  assert.equal((await disk(bench)).state, 'normal');
});
