import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { silentLogger, VirtualClock } from '@cardea/core';
import { type Bench, CAMERA, HOME, openBench } from '../fixtures/video-bench.ts';
import { type RecordingNotices, RecordingWatch } from './recording-watch.ts';
import { writeWish } from './recording-wish.ts';

const NOON = 1_767_268_800_000;
const LENS = { homeId: HOME, deviceId: CAMERA, channel: 1 };

let directory: string;
let clock: VirtualClock;
let bench: Bench;
let told: number[];
let watch: RecordingWatch;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-watch-'));
  clock = new VirtualClock(NOON);
  bench = await openBench({ directory, clock });
  told = [];
  await bench.service.ledger.set(LENS, 'policy', 'continuous');
  watch = begin();
});

afterEach(async () => {
  await watch[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

function begin(): RecordingWatch {
  const notices: RecordingNotices = { stopped: async () => void told.push(clock.monotonicMs()) };
  const { bus, db, service } = bench;
  const started = new RecordingWatch({ db, bus, ledger: service.ledger, notices, clock, logger: silentLogger });
  started.start();
  return started;
}

/** Time passes; with `recording` a segment arrives every ten seconds. */
async function pass(seconds: number, { recording }: { readonly recording: boolean }): Promise<void> {
  for (let at = 0; at < seconds; at += 10) {
    await clock.advance(10_000);
    if (recording) await arrive();
  }
  await clock.advance(0);
}

async function arrive(): Promise<void> {
  const id = bench.random.ulid();
  const now = clock.now();
  await bench.db
    .insertInto('segment')
    .values({
      ...{ id, home_id: HOME, device_id: CAMERA, channel: 1, stream: 'main', kind: 'continuous', state: 'stored', create_hash: '' },
      ...{ client_segment_id: id, object_key: id, codecs: '', start_at: now - 10_000, end_at: now, locked: 0, recovered: 0 },
      ...{ binding_epoch: 1, created_at: now, confirm_before: now },
    })
    .execute();
  bench.bus.publish({ type: 'segment', homeId: HOME, deviceId: CAMERA, segmentId: id });
  await clock.advance(0);
}

test('a camera that stops recording is told within a minute, and once', async () => {
  await pass(300, { recording: true });
  assert.deepEqual(told, []);
  const stoppedMs = clock.monotonicMs();
  await pass(600, { recording: false });
  assert.equal(told.length, 1);
  assert.ok((told[0] ?? 0) - stoppedMs <= 60_000);
});

test('a camera that records now and then is told once, and again only after it recorded steadily', async () => {
  await pass(60, { recording: true });
  for (let turn = 0; turn < 5; turn += 1) {
    await pass(120, { recording: false });
    await pass(60, { recording: true });
  }
  assert.equal(told.length, 1);
  await pass(400, { recording: true });
  await pass(120, { recording: false });
  assert.equal(told.length, 2);
});

test('a clock that jumps a day raises no alarm', async () => {
  await pass(120, { recording: true });
  for (const jump of [86_400_000, -86_400_000, -3_600_000, 3_600_000]) {
    clock.jump(jump);
    await pass(120, { recording: true });
  }
  assert.deepEqual(told, []);
});

test('a camera in privacy mode, asleep or told not to record is not missed', async () => {
  const { ledger } = bench.service;
  await pass(60, { recording: true });
  await ledger.set(LENS, 'privacy', 'on');
  await pass(300, { recording: false });
  await ledger.set(LENS, 'privacy', 'off');
  await ledger.set({ ...LENS, channel: 0 }, 'presence', 'asleep');
  await pass(300, { recording: false });
  await ledger.set(LENS, 'policy', 'event');
  await ledger.set({ ...LENS, channel: 0 }, 'presence', 'online');
  await pass(300, { recording: false });
  assert.deepEqual(told, []);
});

test('a platform that starts anew does not tell again what it told before', async () => {
  await pass(60, { recording: true });
  await pass(120, { recording: false });
  await watch[Symbol.asyncDispose]();
  watch = begin();
  await pass(300, { recording: false });
  assert.equal(told.length, 1);
});

test('a camera that stops soon after it came is told within a minute too', async () => {
  await bench.service.ledger.set(LENS, 'policy', 'off');
  await pass(60, { recording: false });
  await bench.service.ledger.set(LENS, 'policy', 'continuous');
  await pass(10, { recording: true });
  const stoppedMs = clock.monotonicMs();
  await pass(120, { recording: false });
  assert.equal(told.length, 1);
  assert.ok((told[0] ?? 0) - stoppedMs <= 60_000);
});

test('a camera with hours of recording is missed within them, and neither before they begin nor just after', async () => {
  const whole = { ...LENS, channel: 0 };
  const hours = { parts: [{ days: [4], startSec: 12 * 3_600 + 600, endSec: 12 * 3_600 + 1_200 }], timezone: 'UTC' };
  await bench.service.ledger.set(whole, 'wish', writeWish({ mode: 'continuous', hours }));
  await bench.service.ledger.set(LENS, 'policy', 'schedule');
  await pass(630, { recording: false });
  assert.deepEqual(told, []);
  await pass(60, { recording: false });
  assert.equal(told.length, 1);
});

test('a camera that looks again after privacy is given time to begin', async () => {
  await pass(60, { recording: true });
  await bench.service.ledger.set(LENS, 'privacy', 'on');
  await pass(600, { recording: false });
  await bench.service.ledger.set(LENS, 'privacy', 'off');
  await pass(30, { recording: false });
  assert.deepEqual(told, []);
  await pass(60, { recording: false });
  assert.equal(told.length, 1);
});
