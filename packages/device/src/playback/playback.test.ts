import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { parseFragment, parseInitSegment, type Track } from '@cardea/media';
import type { StubPush } from '../stub-platform/stub-push.ts';
import type { Json } from '../stub-platform/stub-vd.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

const SESSION = '01KDVBA3H5K7N9Q2T4W6Y8B0D1';
const START_AT = 1_767_225_600_000;

interface Recorded {
  readonly spans: readonly { readonly fileId: string; readonly startAt: number; readonly endAt: number }[];
  readonly fromAt: number;
}

/** A device with two recordings on its disk and twenty seconds of nothing between them; nothing is recorded any more. */
async function recordedBench(): Promise<TestBench & { readonly recorded: Recorded }> {
  const bench = await TestBench.open();
  bench.platform.video.plan = { active: false, kind: 'none', retainDays: 0 };
  await bench.onlineAgent();
  const { device } = bench.platform;
  const mode = (value: string): Promise<Json> => device.request('config.set', { patch: { 'record.local.mode': value } });
  await mode('continuous');
  await bench.pass(24_000);
  await mode('off');
  await bench.pass(20_000, undefined, 250);
  await mode('continuous');
  await bench.pass(14_000);
  await mode('off');
  await bench.pass(1_000);
  const { spans } = (await device.request('record.list', { channel: 1, fromAt: START_AT - 1, toAt: START_AT + 100_000 })).result;
  return Object.assign(bench, { recorded: { spans, fromAt: spans[0].startAt } });
}

type Bench = Awaited<ReturnType<typeof recordedBench>>;

function start(bench: Bench, more: Json = {}, sessionId = SESSION): Promise<Json> {
  const { target } = bench.platform.livePush(sessionId);
  return bench.platform.device.request('playback.start', { sessionId, channel: 1, startAt: bench.recorded.fromAt, target, ...more });
}

function control(bench: Bench, action: string, more: Json = {}): Promise<Json> {
  return bench.platform.device.request('playback.control', { sessionId: SESSION, action, ...more });
}

async function status(bench: Bench): Promise<Json> {
  return await bench.platform.device.request('playback.getStatus', { sessionId: SESSION });
}

/** What was sent, as recording times; `inits` counts the initialisation segments before each. */
function sent(push: StubPush): readonly { readonly atMs: number; readonly key: boolean; readonly kind: string; readonly inits: number }[] {
  let tracks: readonly Track[] = [];
  let inits = 0;
  return push.frames.flatMap(({ kind, key, payload }) => {
    if (kind === 0) {
      tracks = parseInitSegment(payload);
      inits += 1;
      return [];
    }
    return parseFragment(payload, tracks).map(({ trackId, dts }) => {
      const track = tracks.find(({ id }) => id === trackId);
      return { atMs: Math.round(push.start.startAt + (dts / (track?.timescale ?? 1)) * 1_000), key, kind: track?.kind ?? '', inits };
    });
  });
}

function pictures(push: StubPush) {
  return sent(push).filter(({ kind }) => kind === 'video');
}

function newest(bench: Bench): StubPush {
  const push = bench.platform.pushes.at(-1);
  assert.ok(push);
  return push;
}

async function playing(bench: Bench): Promise<StubPush> {
  await bench.within(3_000, () => (bench.platform.pushes.at(-1)?.pictures.length ?? 0) > 0, 'pictures');
  return newest(bench);
}

test('playback.start: a recording is published in its own time, with sound, and can be decoded', async () => {
  await using bench = await recordedBench();
  const { result } = await start(bench, { startAt: bench.recorded.fromAt + 3_000 });
  assert.equal(result.state, 'starting');
  assert.deepEqual(result.speeds, [0.25, 0.5, 1, 2, 4, 8]);
  assert.ok(result.actualStartAt <= bench.recorded.fromAt + 3_000 && result.actualStartAt > bench.recorded.fromAt + 900);
  const push = await playing(bench);
  assert.equal(push.start.kind, 'playback');
  assert.equal(push.start.startAt, bench.recorded.fromAt);
  await bench.pass(5_000);
  const shown = pictures(push);
  assert.equal(shown[0]?.atMs, result.actualStartAt);
  assert.equal(shown[0]?.key, true);
  const playedMs = (shown.at(-1)?.atMs ?? 0) - result.actualStartAt;
  assert.ok(playedMs >= 4_500 && playedMs <= 5_600, `${playedMs} ms in 5 s`);
  assert.ok(sent(push).some(({ kind }) => kind === 'audio'));
  assert.equal((await status(bench)).result.state, 'playing');
  assert.equal((await bench.platform.device.request('device.getStatus', {})).result.playback[0].sessionId, SESSION);
  const probe = spawnSync('ffprobe', ['-v', 'error', '-show_entries', 'frame=media_type', '-of', 'csv=p=0', '-i', 'pipe:0'], {
    input: push.file,
  });
  assert.equal(probe.stderr.toString(), '');
  assert.ok(probe.stdout.toString().split('\n').length > 200);
});

test('playback.control: pause, resume and seek, not outside of what is recorded (1308); a seek while paused stays paused', async () => {
  await using bench = await recordedBench();
  await start(bench);
  const push = await playing(bench);
  await bench.pass(2_000);
  const paused = (await control(bench, 'pause')).result;
  assert.equal(paused.state, 'paused');
  const count = push.frames.length;
  await bench.pass(15_000, undefined, 250);
  assert.equal(push.frames.length, count);
  const seekAt = bench.recorded.fromAt + 13_000;
  const sought = (await control(bench, 'seek', { seekAt })).result;
  assert.equal(sought.state, 'paused');
  assert.ok(sought.positionAt <= seekAt && sought.positionAt > seekAt - 2_100);
  await bench.until(() => pictures(push).at(-1)?.atMs === sought.positionAt, 'the picture it landed on');
  const shown = pictures(push);
  assert.equal(shown.at(-1)?.key, true);
  assert.equal(shown.at(-1)?.inits, 2, 'a new init segment');
  assert.equal((await control(bench, 'resume')).result.state, 'playing');
  await bench.pass(1_000);
  assert.ok((pictures(push).at(-1)?.atMs ?? 0) >= sought.positionAt + 800);
  const back = (await control(bench, 'seek', { seekAt: bench.recorded.fromAt + 1_000 })).result;
  assert.equal(back.positionAt, bench.recorded.fromAt);
  const numbers = push.frames.map(({ seq }) => seq);
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index),
  );
  assert.equal((await control(bench, 'seek', { seekAt: START_AT + 3_600_000 })).error.code, 1308);
  assert.equal((await control(bench, 'stop')).result.state, 'stopped');
  assert.equal((await status(bench)).error.code, 1108);
});

test('playback.control: a seek into a gap lands on the next recording, and playing goes over it at once', async () => {
  await using bench = await recordedBench();
  const [, second] = bench.recorded.spans;
  assert.ok(second);
  const [first] = bench.recorded.spans;
  assert.ok(first);
  await start(bench, { startAt: first.endAt - 1_500 });
  const push = await playing(bench);
  await bench.pass(4_500);
  const shown = pictures(push);
  assert.ok(
    shown.some(({ atMs }) => atMs === second.startAt),
    'the first picture after the gap',
  );
  assert.ok(shown.every(({ atMs }) => atMs < first.endAt || atMs >= second.startAt));
  assert.equal((await control(bench, 'seek', { seekAt: first.endAt + 5_000 })).result.positionAt, second.startAt);
});

test('playback.control: twice as fast without sound, four times with key frames only, not at any speed (1307)', async () => {
  await using bench = await recordedBench();
  await start(bench);
  const push = await playing(bench);
  assert.equal((await control(bench, 'speed', { speed: 3 })).error.code, 1307);
  assert.equal((await control(bench, 'speed', { speed: 2 })).result.speed, 2);
  let from = pictures(push).length;
  const before = sent(push).length;
  await bench.pass(3_000);
  let shown = pictures(push).slice(from);
  const ms = (shown.at(-1)?.atMs ?? 0) - (shown[0]?.atMs ?? 0);
  assert.ok(ms > 5_300 && ms < 6_500, `${ms} ms of recording in 3 s`);
  assert.ok(
    sent(push)
      .slice(before + 1)
      .every(({ kind }) => kind === 'video'),
  );
  await control(bench, 'speed', { speed: 4 });
  from = pictures(push).length;
  await bench.pass(2_000);
  shown = pictures(push).slice(from);
  assert.ok(shown.length >= 2 && shown.every(({ key }) => key));
  from = pictures(push).length;
  const { positionAt } = (await control(bench, 'speed', { speed: 1 })).result;
  await bench.pass(1_000);
  shown = pictures(push).slice(from);
  assert.equal(shown[0]?.key, true);
  assert.ok(shown.length >= 20);
  assert.ok((shown[0]?.atMs ?? 0) <= positionAt);
});

test('playback: at its end the device says so, and for half a minute one can go back', async () => {
  await using bench = await recordedBench();
  const { endAt } = (await start(bench, { endAt: bench.recorded.fromAt + 3_000 })).result;
  assert.equal(endAt, bench.recorded.fromAt + 3_000);
  const push = await playing(bench);
  await bench.within(6_000, () => push.texts.length > 1, 'a stop frame');
  assert.equal(push.texts[1]?.reason, 'endOfMedia');
  assert.ok(pictures(push).every(({ atMs }) => atMs < endAt));
  assert.equal((await status(bench)).result.state, 'ended');
  assert.equal((await control(bench, 'seek', { seekAt: bench.recorded.fromAt })).result.state, 'playing');
  assert.equal(bench.platform.pushes.length, 2);
  await playing(bench);
  await bench.within(6_000, () => newest(bench).texts.length > 1, 'a second stop frame');
  await bench.pass(31_000, undefined, 250);
  assert.equal((await status(bench)).error.code, 1108);
});

test('playback: without a message for its time to live it stops; getStatus keeps it alive', async () => {
  await using bench = await recordedBench();
  await start(bench, { ttlSec: 10, speed: 0.25 });
  const push = await playing(bench);
  await bench.pass(8_000);
  assert.equal((await status(bench)).result.speed, 0.25);
  await bench.pass(8_000);
  assert.equal(push.texts.length, 1);
  await bench.within(3_000, () => push.texts.length > 1, 'a stop frame');
  assert.equal(push.texts[1]?.reason, 'ttl');
  assert.equal((await status(bench)).error.code, 1108);
});

test('playback.start: what cannot be played is refused: 1305, 1100, 1307, and 1107 for one too many', async () => {
  await using bench = await recordedBench();
  const code = async (more: Json, sessionId?: string): Promise<unknown> => (await start(bench, more, sessionId)).error?.code;
  assert.equal(await code({ startAt: START_AT + 3_600_000 }), 1305);
  assert.equal(await code({ channel: 7 }), 1100);
  assert.equal(await code({ speed: -1 }), 1307);
  assert.equal(await code({}, '01KDVBA3H5K7N9Q2T4W6Y8B0D2'), undefined);
  assert.equal(await code({}, '01KDVBA3H5K7N9Q2T4W6Y8B0D3'), undefined);
  assert.equal(await code({}, '01KDVBA3H5K7N9Q2T4W6Y8B0D4'), 1107);
  assert.equal(await code({}, '01KDVBA3H5K7N9Q2T4W6Y8B0D2'), undefined, 'the same session again');
});

test('playback: a connection that is lost is made again, and goes on where it was', async () => {
  await using bench = await recordedBench();
  await start(bench);
  const push = await playing(bench);
  await bench.pass(3_000);
  const lastMs = pictures(push).at(-1)?.atMs ?? 0;
  push.cut();
  await bench.within(5_000, () => bench.platform.pushes.length === 2, 'another connection');
  const again = await playing(bench);
  const shown = pictures(again);
  assert.equal(shown[0]?.key, true);
  assert.ok((shown[0]?.atMs ?? 0) <= lastMs && (shown[0]?.atMs ?? 0) >= lastMs - 2_200);
});
