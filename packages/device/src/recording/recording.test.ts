import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { wireError } from '../stub-platform/stub-vd.ts';
import type { StubSegment } from '../stub-platform/stub-video-service.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

interface Probe {
  readonly frames: readonly { readonly media_type: string; readonly pts_time: string; readonly key_frame: number }[];
}

function probe(file: Buffer | undefined): Probe {
  assert.ok(file);
  const { stdout, stderr } = spawnSync(
    'ffprobe',
    ['-v', 'error', '-of', 'json', '-show_entries', 'frame=media_type,pts_time,key_frame', '-i', 'pipe:0'],
    {
      input: file,
      maxBuffer: 64 * 1024 * 1024,
    },
  );
  assert.equal(stderr.toString(), '');
  return JSON.parse(stdout.toString());
}

async function stored(bench: TestBench, count: number, withinMs = 60_000): Promise<readonly StubSegment[]> {
  await bench.within(withinMs, () => bench.platform.video.stored.length >= count, `${count} stored segments`);
  return bench.platform.video.stored.toSorted((a, b) => a.create.startAt - b.create.startAt);
}

test('a bound device records everything: segments of ten seconds that join without a gap', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  const segments = await stored(bench, 3);
  for (const [index, { create, confirm }] of segments.entries()) {
    assert.equal(create.kind, 'continuous');
    assert.equal(create.stream, 'main');
    assert.equal(create.container, 'fmp4');
    assert.equal(create.codecs, 'avc1.64001f,mp4a.40.2');
    assert.equal(create.index, index);
    assert.equal(create.spanId, segments[0]?.create.spanId);
    assert.equal(confirm?.startAt, create.startAt);
    assert.equal(confirm?.endAt - confirm?.startAt, 10_000);
    assert.equal(segments[index + 1]?.create.startAt ?? confirm?.endAt, confirm?.endAt);
  }
  assert.equal(segments[0]?.create.startAt, 1_767_225_600_000);
});

test('each segment is a complete file: 250 pictures from a key frame on, sound beside them, an index at the end', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  for (const { bytes, confirm } of await stored(bench, 2)) {
    const { frames } = probe(bytes);
    const pictures = frames.filter(({ media_type }) => media_type === 'video');
    assert.equal(pictures.length, 250);
    assert.deepEqual(
      pictures.map(({ pts_time }) => Math.round(Number(pts_time) * 1_000)),
      pictures.map((_, index) => index * 40),
    );
    assert.deepEqual(
      pictures.flatMap(({ key_frame }, index) => (key_frame === 1 ? [index] : [])),
      [0, 50, 100, 150, 200],
    );
    const sounds = frames.filter(({ media_type }) => media_type === 'audio').length;
    assert.ok(sounds >= 310 && sounds <= 313, `${sounds} sounds`);
    assert.equal(bytes?.subarray(4, 8).toString(), 'ftyp');
    assert.equal(bytes?.subarray(-12, -8).toString(), 'mfro');
    assert.equal(
      confirm?.sha256,
      createHash('sha256')
        .update(bytes ?? '')
        .digest('hex'),
    );
  }
});

test('the local copy goes only when the platform says stored', async () => {
  await using bench = await TestBench.open();
  let confirms = 0;
  bench.platform.video.onRequest = (what) => (what === 'confirm' && ++confirms <= 2 ? { status: 500 } : undefined);
  await bench.onlineAgent();
  const ring = join(bench.stateDirectory, 'ring');
  await bench.within(15_000, () => confirms > 0, 'a confirm that fails');
  const [segment] = bench.platform.video.segments;
  assert.ok((await readdir(ring)).includes(`${segment?.create.clientSegmentId}.mp4`));
  await stored(bench, 1);
  await bench.pass(300);
  assert.ok(!(await readdir(ring)).includes(`${segment?.create.clientSegmentId}.mp4`));
  assert.equal(segment?.puts, 1, 'what was uploaded is not uploaded again');
});

test('a device that was off goes on uploading where it stopped, without losing or repeating a segment', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.onRequest = (what) => (what === 'create' ? { status: 503 } : undefined);
  const first = await bench.onlineAgent();
  await bench.pass(32_000);
  await first[Symbol.asyncDispose]();
  assert.equal(bench.platform.video.segments.length, 0);
  const files = await readdir(join(bench.stateDirectory, 'ring'));
  assert.equal(files.length, 4, 'three whole segments and the one that was cut by the stop');
  bench.platform.video.onRequest = () => undefined;
  await bench.onlineAgent();
  const segments = await stored(bench, 4);
  assert.deepEqual(
    segments.slice(0, 4).map(({ create }) => create.startAt),
    [0, 10_000, 20_000, 30_000].map((ms) => 1_767_225_600_000 + ms),
  );
  assert.ok(probe(segments[3]?.bytes).frames.filter(({ media_type }) => media_type === 'video').length >= 35);
});

test('uploaded but not confirmed before the restart: confirmed after it, without another upload', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.onRequest = (what) => (what === 'confirm' ? { status: 500 } : undefined);
  const first = await bench.onlineAgent();
  await bench.within(15_000, () => bench.platform.video.segments[0]?.bytes !== undefined, 'an upload');
  await bench.pass(200);
  await first[Symbol.asyncDispose]();
  bench.platform.video.onRequest = () => undefined;
  await bench.onlineAgent();
  await stored(bench, 1);
  assert.equal(bench.platform.video.segments[0]?.state, 'stored');
  assert.equal(bench.platform.video.segments[0]?.puts, 1);
});

test('a segment that was announced and is gone from the disk after a power cut is cancelled, the others go on', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.onRequest = (what) => (what === 'put' ? { status: 503 } : undefined);
  const first = await bench.onlineAgent();
  await bench.within(40_000, () => bench.platform.video.segments.length >= 2, 'two announced segments');
  await first[Symbol.asyncDispose]();
  const [gone] = bench.platform.video.segments;
  await rm(join(bench.stateDirectory, 'ring', `${gone?.create.clientSegmentId}.mp4`));
  bench.platform.video.onRequest = () => undefined;
  await bench.onlineAgent();
  await bench.within(30_000, () => gone?.state === 'cancelled' && bench.platform.video.stored.length >= 1, 'what is left is stored');
  assert.equal(gone?.cancelReason, 'diskLost');
});

test('an object store that refuses the bytes gets them once more under a new segment, then they are given up', async () => {
  await using bench = await TestBench.open();
  let refused = '';
  bench.platform.video.onRequest = (what, { path }) => {
    if (what !== 'put') return undefined;
    refused ||= path;
    return path === refused ? { status: 400 } : undefined;
  };
  await bench.onlineAgent();
  await stored(bench, 2, 120_000);
  const cancelled = bench.platform.video.segments.filter(({ state }) => state === 'cancelled');
  assert.deepEqual(
    cancelled.map(({ cancelReason, puts }) => [cancelReason, puts]),
    [['uploadFailed', 0]],
  );
});

test('a home without room loses continuous recording first, and gets what was recorded for a reason later', async () => {
  await using bench = await TestBench.open();
  let full = true;
  const refusal = { status: 403, headers: { 'retry-after': '20' }, body: { error: wireError(1806, 'QUOTA_EXCEEDED') } };
  bench.platform.video.onRequest = (what) => (what === 'create' && full ? refusal : undefined);
  await bench.onlineAgent();
  const { device, video } = bench.platform;
  const params = { taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NR', channel: 1, target: 'cloud', reason: 'manual', durationSec: 10 };
  assert.equal((await device.request('record.start', params)).error, undefined);
  await bench.pass(90_000, undefined, 40);
  full = false;
  const fullUntil = bench.clock.now();
  await bench.within(120_000, () => video.stored.some(({ create }) => create.startAt > fullUntil), 'what is new is stored');
  const kinds = video.stored.filter(({ create }) => create.startAt < fullUntil).map(({ create }) => create.kind);
  assert.ok(kinds.includes('manual'));
  // At each refusal one goes; without them there would be eight.
  assert.ok(kinds.filter((kind) => kind === 'continuous').length <= 5, kinds.join());
});

test('an upload that fails is tried again; an expired ticket is replaced under the same segment', async () => {
  await using bench = await TestBench.open();
  const answers = [{ status: 500 }, { status: 403 }];
  let creates = 0;
  bench.platform.video.onRequest = (what) => {
    if (what === 'create') creates += 1;
    return what === 'put' ? answers.shift() : undefined;
  };
  await bench.onlineAgent();
  const [segment] = await stored(bench, 1);
  assert.equal(segment?.create.startAt, 1_767_225_600_000);
  assert.equal(segment?.puts, 1);
  assert.ok(creates >= 2);
  assert.equal(segment?.confirm?.attempts, 3);
});

test('a refused token is renewed over the access server, once', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  const { video, device } = bench.platform;
  video.token = 'vr-token-2';
  device.answers['server.getInfo'] = () => ({
    serverId: 'stub',
    serverTime: bench.clock.now(),
    version: '0',
    services: { vr: video.access() },
    limits: { maxMessageBytes: 65_536, maxSegmentBytes: 52_428_800, eventsPerMin: 120 },
    features: [],
  });
  await stored(bench, 2);
  assert.equal(device.all('server.getInfo').length, 1);
});

test('bytes that went missing are uploaded again; bytes that differ are announced anew', async () => {
  await using bench = await TestBench.open();
  const { video } = bench.platform;
  video.onRequest = (what, request) => {
    const [first] = video.segments;
    if (what !== 'confirm' || first === undefined || !request.path.includes(first.segmentId)) return undefined;
    if (first.puts === 1)
      return { status: 409, body: { error: { code: 1803, message: 'missing', data: { name: 'OBJECT_MISSING', retryable: true } } } };
    return { status: 409, body: { error: { code: 1804, message: 'mismatch', data: { name: 'OBJECT_MISMATCH', retryable: true } } } };
  };
  await bench.onlineAgent();
  const [again] = await stored(bench, 1);
  const [first] = video.segments;
  assert.equal(first?.puts, 2);
  assert.equal(first?.state, 'cancelled');
  assert.equal(first?.cancelReason, 'superseded');
  assert.equal(again?.create.startAt, first?.create.startAt);
  assert.notEqual(again?.create.clientSegmentId, first?.create.clientSegmentId);
});

test('a segment that overlaps what is stored is given up and holds up nothing', async () => {
  await using bench = await TestBench.open();
  let refused = false;
  bench.platform.video.onRequest = (what) => {
    if (what !== 'create' || refused) return undefined;
    refused = true;
    return { status: 409, body: { error: { code: 1807, message: 'overlap', data: { name: 'OVERLAP', retryable: false } } } };
  };
  await bench.onlineAgent();
  const [segment] = await stored(bench, 1);
  assert.equal(segment?.create.startAt, 1_767_225_610_000);
});

test('without a storage plan nothing is recorded, and with one it begins again', async () => {
  await using bench = await TestBench.open();
  const { video, device } = await (async () => {
    bench.platform.video.plan = { active: false, kind: 'none', retainDays: 0 };
    await bench.onlineAgent();
    return bench.platform;
  })();
  await bench.until(() => video.infoRequests === 1, 'plan and limits were asked');
  await bench.pass(15_000);
  assert.equal(video.segments.length, 0);
  assert.equal(
    (await device.request('record.start', { taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NR', channel: 1, target: 'cloud', reason: 'manual' })).error
      .code,
    1800,
  );
  video.plan = { active: true, kind: 'continuous', retainDays: 30 };
  await device.request('config.set', { patch: { 'record.cloud.mode': 'continuous' } });
  await stored(bench, 1);
});

test('the length of segments follows what the platform wants', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.limits = { ...bench.platform.video.limits, targetSegmentSec: 4 };
  await bench.onlineAgent();
  const segments = await stored(bench, 3);
  assert.equal((segments[2]?.confirm?.endAt ?? 0) - (segments[2]?.confirm?.startAt ?? 0), 4_000);
});

test('when the clock steps, the segment ends and a new span begins, and recorded time never overlaps', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  await bench.pass(15_000);
  const { device } = bench.platform;
  const { result } = await device.request('time.set', { utcAt: bench.clock.now() + 3_600_000 });
  assert.equal(result.stepMs, 3_600_000);
  const segments = await stored(bench, 4);
  const [, second, third] = segments;
  assert.equal(second?.create.spanId === third?.create.spanId, false);
  assert.ok(second?.confirm?.endAt <= second?.create.startAt + 6_000, 'cut at the step');
  assert.ok(third?.create.startAt >= 1_767_225_615_000 + 3_600_000);
  for (let index = 1; index < segments.length; index += 1)
    assert.ok(segments[index]?.create.startAt >= segments[index - 1]?.confirm?.endAt);
});

test('a slow clock correction of the machine is followed, too', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  await bench.pass(12_000);
  bench.clock.jump(1_500);
  await bench.pass(12_000);
  bench.clock.jump(1_500);
  const segments = await stored(bench, 4);
  assert.ok(new Set(segments.map(({ create }) => create.spanId)).size >= 2);
});

test('in privacy mode nothing is recorded; what was recorded before is still stored', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  await bench.pass(5_000);
  const { device, video } = bench.platform;
  const switchedAt = bench.clock.now();
  await device.request('config.set', { patch: { 'privacy.mode': 'on' } });
  await bench.pass(20_000);
  assert.equal(video.stored.length, 1);
  assert.ok(video.stored[0]?.confirm?.endAt <= switchedAt + 40);
  assert.equal((await device.request('device.getStatus', {})).result.channels[0].recording.active, false);
});

test('with recording set to events, only alarms are recorded, with what happened before and after', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  const { device, video } = bench.platform;
  await device.request('config.set', {
    patch: { 'record.cloud.mode': 'event', 'record.cloud.preRollSec': 4, 'record.cloud.postRollSec': 3 },
  });
  await bench.pass(21_000);
  const before = video.segments.length;
  const alarmAt = bench.clock.now();
  const { result } = await device.request('alarm.trigger', { channel: 1, alarmType: 'motion', durationSec: 5 });
  await bench.pass(12_000);
  const events = video.stored.slice(before);
  assert.equal(events.length, 2, 'twelve seconds and more in segments of ten');
  for (const { create } of events) {
    assert.equal(create.kind, 'event');
    assert.equal(create.eventId, result.eventId);
  }
  const startAt = Math.min(...events.map(({ create }) => create.startAt));
  const endAt = Math.max(...events.map(({ confirm }) => confirm?.endAt));
  assert.ok(startAt <= alarmAt - 4_000 && startAt > alarmAt - 6_100, `begins ${alarmAt - startAt} ms before`);
  assert.ok(endAt >= alarmAt + 7_800 && endAt <= alarmAt + 8_200, `ends ${endAt - alarmAt} ms after`);
});

test('record.start: a task marks its segments, ends by itself, and is the same task when it is repeated', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  const { device, video } = bench.platform;
  await device.request('config.set', { patch: { 'record.cloud.mode': 'off' } });
  const params = { taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NR', channel: 1, target: 'cloud', stream: 'sub', durationSec: 6, reason: 'manual' };
  const first = await device.request('record.start', params);
  assert.equal(first.result.endsAt - bench.clock.now(), 6_000);
  await bench.pass(1_000);
  assert.deepEqual((await device.request('record.start', params)).result, first.result);
  assert.equal((await device.request('record.start', { ...params, taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NS' })).error.code, 1008);
  assert.equal((await device.request('device.getStatus', {})).result.channels[0].recording.cloud, 'manual');
  await bench.within(10_000, () => video.stored.some(({ create }) => create.kind === 'manual'), 'a stored segment of the task');
  const manual = video.stored.find(({ create }) => create.kind === 'manual');
  assert.equal(manual?.create.taskId, params.taskId);
  assert.equal(manual?.create.stream, 'sub');
  assert.equal((await device.request('record.stop', { taskId: params.taskId })).error.code, 1306);
});

test('record.stop: ends a task, once (1306), and says from when to when it ran and what it made', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  const { device, video } = bench.platform;
  const params = { taskId: '01KDVAS8F3X5B7Q9D1G4J6M8NR', channel: 1, target: 'cloud', reason: 'manual' };
  const { startAt } = (await device.request('record.start', params)).result;
  await bench.within(60_000, () => video.stored.some(({ create }) => create.taskId === params.taskId), 'a stored segment of the task');
  const [stopped] = (await device.request('record.stop', { channel: 1 })).result.stopped;
  const { segmentIds, ...rest } = stopped;
  assert.deepEqual(rest, { taskId: params.taskId, startAt, endAt: bench.clock.now() });
  assert.deepEqual(
    segmentIds,
    video.segments.filter(({ create }) => create.taskId === params.taskId).map(({ segmentId }) => segmentId),
  );
  assert.equal((await device.request('record.stop', {})).error.code, 1306);
});

test('every ten minutes the device reports how storing went', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.limits = { ...bench.platform.video.limits, targetSegmentSec: 60 };
  await bench.onlineAgent();
  await bench.within(620_000, () => bench.platform.video.statistics.length === 1, 'a report', 100);
  const [report] = bench.platform.video.statistics;
  assert.ok(report?.counters.confirmed >= 8);
  assert.equal(report?.counters.failed, 0);
  assert.ok(report?.counters.bytes > 1_000_000);
  assert.ok(report?.periodEndAt - report?.periodStartAt >= 600_000);
});

test('a token for the video service is never shown to the object store', async () => {
  await using bench = await TestBench.open();
  const bearers: string[] = [];
  bench.platform.video.onRequest = (what, { bearer }) => {
    if (what === 'put') bearers.push(bearer);
    return undefined;
  };
  await bench.onlineAgent();
  await stored(bench, 1);
  assert.deepEqual([...new Set(bearers)], ['']);
});
