import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { StubPlatform } from '../stub-platform/stub-platform.ts';
import type { StubPush } from '../stub-platform/stub-push.ts';
import type { Json } from '../stub-platform/stub-vd.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

const SESSION = '01KDVAPJ7C5T9N3W1QX8Z6D0SG';
const OTHER_SESSION = '01KDVAQ4D2V6Y8H0B3M5R7T9WX';

/** A bound device that records nothing, so that only live video flows. */
async function liveBench(): Promise<TestBench> {
  const bench = await TestBench.open();
  bench.platform.video.plan = { active: false, kind: 'none', retainDays: 0 };
  await bench.onlineAgent();
  return bench;
}

async function push(bench: TestBench, more: Json = {}, sessionId = SESSION): Promise<Json> {
  return await bench.platform.device.request('live.push', bench.platform.livePush(sessionId, more));
}

async function published(bench: TestBench, count = 1): Promise<StubPush> {
  await bench.within(5_000, () => bench.platform.pushes.length === count && newest(bench).pictures.length > 0, 'published');
  return newest(bench);
}

function newest(bench: TestBench): StubPush {
  const found = bench.platform.pushes.at(-1);
  assert.ok(found);
  return found;
}

interface Frame {
  readonly media_type: string;
  readonly pts_time: string;
  readonly key_frame: number;
}

function framesOf(file: Buffer): Frame[] {
  const probe = spawnSync(
    'ffprobe',
    ['-v', 'error', '-of', 'json', '-show_entries', 'frame=media_type,pts_time,key_frame', '-i', 'pipe:0'],
    { input: file, maxBuffer: 64 * 1024 * 1024 },
  );
  assert.equal(probe.stderr.toString(), '');
  return JSON.parse(probe.stdout.toString()).frames;
}

test('a push starts with a start frame, then sends init and one fragment per frame, numbered from 0', async () => {
  await using bench = await liveBench();
  const { result } = await push(bench);
  assert.equal(result.state, 'connecting');
  assert.deepEqual({ ...result.video, kbps: 0 }, { codec: 'h264', width: 640, height: 360, fps: 25, kbps: 0 });
  assert.deepEqual(result.audio, { codec: 'aac', sampleRate: 32_000, channels: 1 });
  const session = await published(bench);
  await bench.pass(5_000);
  assert.equal(session.path, `/vm/v1/sessions/${SESSION}`);
  assert.equal(session.bearer, `push-${SESSION}`);
  assert.equal(session.subprotocol, 'hss.vm.v1');
  const { start } = session;
  assert.equal(start.type, 'start');
  assert.equal(start.token, session.bearer);
  assert.equal(start.kind, 'live');
  assert.equal(start.channel, 1);
  assert.equal(start.stream, 'sub');
  assert.equal(start.video.gopSec, 2);
  assert.equal(session.frames[0]?.kind, 0);
  assert.deepEqual(
    session.frames.map(({ seq }) => seq),
    session.frames.map((_, index) => index),
  );
  assert.equal(session.frames.filter(({ kind }) => kind === 0).length, 1);
  assert.equal(session.pictures[0]?.key, true);
  assert.deepEqual([...new Set(session.frames.map(({ track }) => track))].toSorted(), [0, 1, 2]);
});

test('what is pushed plays: every picture and sound in order, evenly spaced, from a key frame on', async () => {
  await using bench = await liveBench();
  await push(bench);
  const session = await published(bench);
  await bench.pass(5_000);
  const frames = framesOf(session.file);
  const pictures = frames.filter(({ media_type }) => media_type === 'video');
  assert.equal(pictures.length, session.pictures.length);
  assert.equal(pictures[0]?.key_frame, 1);
  const times = pictures.map(({ pts_time }) => Math.round(Number(pts_time) * 1_000));
  assert.deepEqual(
    times,
    times.map((_, index) => (times[0] ?? 0) + index * 40),
  );
  // What stands at the time of the first picture is the key frame of that second of the minute.
  assert.equal((session.start.startAt + (times[0] ?? 0)) % 2_000, 0);
  assert.ok(frames.filter(({ media_type }) => media_type === 'audio').length > 150);
});

test('whoever joins a running stream gets its newest key frame at once', async () => {
  await using bench = await liveBench();
  await push(bench);
  await published(bench);
  await bench.pass(3_500);
  await push(bench, {}, OTHER_SESSION);
  await bench.until(() => bench.platform.pushes.length === 2 && newest(bench).pictures.length >= 25, 'pictures without waiting');
  assert.equal(newest(bench).pictures[0]?.key, true);
  assert.ok(bench.clock.now() - newest(bench).start.startAt >= 1_000, 'the key frame lies back in time');
});

test('sound is left out when it is not wanted', async () => {
  await using bench = await liveBench();
  const { result } = await push(bench, { audio: false });
  assert.equal(result.audio, undefined);
  const session = await published(bench);
  await bench.pass(1_000);
  assert.equal(session.start.audio, undefined);
  assert.deepEqual([...new Set(session.frames.map(({ track }) => track))], [0, 1]);
});

test('a push that is not renewed ends with its time to live, a renewed one goes on', async () => {
  await using bench = await liveBench();
  await push(bench, { ttlSec: 10 });
  const session = await published(bench);
  await bench.pass(6_000);
  assert.equal((await push(bench, { ttlSec: 10 })).result.state, 'publishing');
  await bench.pass(9_000);
  assert.equal(session.closeCode, undefined);
  await bench.within(2_000, () => session.closeCode !== undefined, 'closed');
  assert.deepEqual(session.texts.at(-1), { type: 'stop', sessionId: SESSION, reason: 'ttl' });
  assert.equal(bench.platform.pushes.length, 1, 'renewing opens no second push');
  const changes = bench.platform.device.all('live.changed').map(({ params }) => [params.state, params.reason]);
  assert.deepEqual(changes, [
    ['publishing', 'started'],
    ['stopped', 'ttl'],
  ]);
});

test('live.stop ends the session it names, and an unknown one is no error', async () => {
  await using bench = await liveBench();
  await push(bench);
  const session = await published(bench);
  const { device } = bench.platform;
  assert.deepEqual((await device.request('live.stop', { sessionId: OTHER_SESSION })).result, { stopped: [] });
  assert.deepEqual((await device.request('live.stop', { sessionId: SESSION })).result, { stopped: [SESSION] });
  await bench.within(2_500, () => session.closeCode !== undefined, 'closed');
  assert.equal(session.texts.at(-1)?.reason, 'command');
});

test('a push that cannot be made is refused with the reason', async () => {
  await using bench = await liveBench();
  const { platform, clock } = bench;
  const target = platform.livePush(SESSION).target;
  const cases: [Json, number][] = [
    [{ channel: 2 }, 1100],
    [{ stream: 'third' }, 1101],
    [{ target: { ...target, protocol: 'rtmp', url: 'rtmp://127.0.0.1/vm/x' } }, 1003],
    [{ target: { ...target, url: 'ws://192.0.2.1/vm/v1/sessions/x' } }, 1408],
    [{ target: { ...target, expiresAt: clock.now() - 1 } }, 1105],
    [{ video: { codec: 'av1' } }, 1106],
  ];
  for (const [more, code] of cases) assert.equal((await push(bench, more)).error.code, code, JSON.stringify(more));
  for (let index = 0; index < 4; index += 1) assert.ok((await push(bench, {}, `01KDVAPJ7C5T9N3W1QX8Z6D0S${index}`)).result);
  assert.equal((await push(bench)).error.code, 1107);
});

test('live.push: a media server that refuses is not asked again; the next renewal says so with 1104, the one after starts anew', async () => {
  await using bench = await liveBench();
  bench.platform.onPush = () => ({ type: 'error', code: 1108, message: 'no such session' });
  await push(bench);
  await bench.within(2_000, () => bench.platform.device.all('live.changed').length === 1, 'the failure is told');
  assert.equal(bench.platform.device.all('live.changed')[0]?.params.error.code, 1104);
  await bench.pass(10_000);
  assert.equal(bench.platform.pushes.length, 1);
  assert.equal((await push(bench)).error.code, 1104);
  bench.platform.onPush = (session) => ({ type: 'started', sessionId: session.sessionId, idleTimeoutSec: 10 });
  assert.equal((await push(bench)).result.state, 'connecting');
  await published(bench, 2);
});

test('live.push: a media server that cannot be reached is tried three times more, after 1, 2 and 4 s, and then it is 1103', async () => {
  await using bench = await liveBench();
  const triedAt: number[] = [];
  bench.platform.onUpgrade = (path) => {
    if (!path.startsWith('/vm/')) return undefined;
    triedAt.push(bench.clock.now());
    return { status: 502 };
  };
  const target = { ...bench.platform.livePush(SESSION).target, url: 'ws://127.0.0.1:1/vm/v1/sessions/x' };
  const before = bench.clock.now();
  await push(bench, { target });
  await bench.within(20_000, () => bench.platform.device.all('live.changed').length === 1, 'the failure is told');
  const [told] = bench.platform.device.all('live.changed');
  assert.equal(told?.params.state, 'error');
  assert.deepEqual(told?.params.error, { code: 1103, name: 'PUSH_CONNECT_FAILED' });
  const lastedMs = (told?.params.occurredAt ?? 0) - before;
  assert.ok(lastedMs >= 7_000 && lastedMs < 8_000, `${lastedMs} ms`);
  assert.equal((await bench.platform.device.request('device.getStatus', {})).result.channels[0].live[0].state, 'error');
  assert.equal((await push(bench, { target })).error.code, 1103);
});

test('after a broken connection the push comes back by itself, with a key frame first', async () => {
  await using bench = await liveBench();
  await push(bench);
  const first = await published(bench);
  await bench.pass(1_000);
  first.cut();
  const second = await published(bench, 2);
  assert.equal(second.frames[0]?.kind, 0);
  assert.equal(second.frames[0]?.seq, 0);
  assert.equal(second.pictures[0]?.key, true);
});

test('redirected, the device publishes at the other server first and then leaves the one before', async () => {
  await using bench = await liveBench();
  await using other = await StubPlatform.start(bench.clock);
  await push(bench);
  const first = await published(bench);
  const url = `${other.wsUrl}/vm/v1/sessions/${SESSION}`;
  first.send({ type: 'redirect', sessionId: SESSION, url, token: 'token-there' });
  await bench.within(3_000, () => (other.pushes[0]?.pictures.length ?? 0) > 0, 'pictures at the other server');
  await bench.within(3_000, () => first.closeCode !== undefined, 'the first is closed');
  assert.equal(other.pushes[0]?.bearer, 'token-there');
  assert.equal(other.pushes[0]?.pictures[0]?.key, true);
  assert.deepEqual(first.texts.at(-1), { type: 'stop', sessionId: SESSION, reason: 'reschedule' });
});

test('renewed with another address the push moves there', async () => {
  await using bench = await liveBench();
  await using other = await StubPlatform.start(bench.clock);
  await push(bench);
  const first = await published(bench);
  await push(bench, { target: other.livePush(SESSION).target });
  await bench.within(3_000, () => (other.pushes[0]?.pictures.length ?? 0) > 0, 'pictures at the other server');
  await bench.within(3_000, () => first.closeCode !== undefined, 'the first is closed');
});

test('a media server that stops the session ends it', async () => {
  await using bench = await liveBench();
  await push(bench);
  const session = await published(bench);
  session.send({ type: 'stop', sessionId: SESSION, reason: 'overload' });
  await bench.within(3_000, () => session.closeCode !== undefined, 'closed within two seconds');
  await bench.pass(8_000);
  assert.equal(bench.platform.pushes.length, 1);
  assert.deepEqual(bench.platform.device.all('live.changed').at(-1)?.params.reason, 'overload');
});

test('privacy mode ends every push and refuses new ones', async () => {
  await using bench = await liveBench();
  await push(bench);
  const session = await published(bench);
  await bench.platform.device.request('config.set', { channel: 1, patch: { 'privacy.mode': 'on' } });
  await bench.within(3_000, () => session.closeCode !== undefined, 'closed');
  assert.equal(session.texts.at(-1)?.reason, 'privacy');
  assert.equal((await push(bench, {}, OTHER_SESSION)).error.code, 1012);
  await bench.platform.device.request('config.set', { channel: 1, patch: { 'privacy.mode': 'off' } });
  assert.ok((await push(bench, {}, OTHER_SESSION)).result);
});

test('a key frame on request comes at once, at most once a second, and the stream still plays', async () => {
  await using bench = await liveBench();
  await push(bench, { audio: false });
  const session = await published(bench);
  await bench.pass(1_000 - (bench.clock.now() % 2_000) + 2_000);
  const before = session.pictures.length;
  const { device } = bench.platform;
  const [first, second] = await Promise.all([
    device.request('live.requestKeyframe', { sessionId: SESSION }),
    device.request('live.requestKeyframe', { sessionId: SESSION }),
  ]);
  assert.equal(first.result.at, bench.clock.now());
  assert.equal(second.result.at, first.result.at);
  await bench.until(() => session.pictures.slice(before).some(({ key }) => key), 'a key frame without waiting');
  assert.equal(session.pictures.slice(before).filter(({ key }) => key).length, 1);
  await bench.pass(3_000);
  const times = framesOf(session.file).map(({ pts_time }) => Number(pts_time));
  assert.equal(times.length, session.pictures.length);
  for (let index = 1; index < times.length; index += 1) assert.ok((times[index] ?? 0) > (times[index - 1] ?? 0), `picture ${index}`);
  assert.equal((await device.request('live.requestKeyframe', { sessionId: OTHER_SESSION })).error.code, 1108);
});
