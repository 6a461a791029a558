import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { Timeline, TimelineSpan } from '@cardea/api';
import { AppError, VirtualClock } from '@cardea/core';
import { type Bench, CAMERA, HOME, OWNER, openBench } from '../fixtures/video-bench.ts';
import { segmentRequest } from '../fixtures/vr-client.ts';
import type { TimelineQuery } from './timelines.ts';

const NOON = 1_767_268_800_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const LENS = { homeId: HOME, deviceId: CAMERA, channel: 1 };
const CAMERA_ITSELF = { ...LENS, channel: 0 };
const DEVICE = { deviceId: CAMERA, homeId: HOME, epoch: 1 };

let directory: string;
let clock: VirtualClock;
let bench: Bench;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-timeline-'));
  clock = new VirtualClock(NOON);
  bench = await openBench({ directory, clock });
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function timeline(query: TimelineQuery): Promise<Timeline> {
  return await bench.service.timelines.timeline(await bench.authorizer.device(OWNER, 'view.recordings', CAMERA), query);
}

/** Writes rows of stored segments of ten seconds; the bytes are not looked at. */
async function record(from: number, to: number, stream = 'main'): Promise<void> {
  const rows = [];
  for (let start = from; start < to; start += 10_000) rows.push(row(start, Math.min(to, start + 10_000), stream));
  for (let index = 0; index < rows.length; index += 200)
    await bench.db
      .insertInto('segment')
      .values(rows.slice(index, index + 200))
      .execute();
}

function row(start_at: number, end_at: number, stream: string) {
  const id = bench.random.ulid();
  const fixed = {
    home_id: HOME,
    device_id: CAMERA,
    channel: 1,
    kind: 'continuous',
    state: 'stored' as const,
    codecs: 'avc1.42c00a',
    create_hash: '',
  };
  const times = { start_at, end_at, created_at: start_at, confirm_before: start_at, binding_epoch: 1, locked: 0, recovered: 0 };
  return {
    ...fixed,
    ...times,
    id,
    stream,
    client_segment_id: id,
    object_key: `h/${HOME}/d/${CAMERA}/1/${id}.mp4`,
    size_bytes: 1,
    sha256: '',
  };
}

function assertInOrder(spans: readonly TimelineSpan[]): void {
  for (const [index, span] of spans.entries()) {
    assert.ok(span.from < span.to);
    assert.ok(index === 0 || span.from >= (spans[index - 1]?.to ?? 0), 'spans overlap');
  }
}

function gapsOf({ spans }: Timeline): readonly (readonly [number, number, string | undefined])[] {
  return spans.filter(({ kind }) => kind === 'gap').map(({ from, to, reason }) => [from - NOON, to - NOON, reason]);
}

test('the account begins when the policy becomes known and leaves out the last moments', async () => {
  const { ledger } = bench.service;
  await ledger.set(LENS, 'policy', 'continuous');
  await record(NOON + 2_000, NOON + 600_000);
  await clock.advance(700_000);
  const { spans, coverage } = await timeline({ from: NOON - DAY_MS, to: NOON + 700_000 });
  assert.deepEqual(spans, [
    { from: NOON, to: NOON + 2_000, kind: 'gap', cause: 'policy', reason: 'starting' },
    { from: NOON + 2_000, to: NOON + 600_000, kind: 'video' },
    { from: NOON + 600_000, to: NOON + 650_000, kind: 'gap', cause: 'unknown', reason: 'unknown' },
  ]);
  assert.equal(coverage, 598 / 650);
});

/** Time passes while the video service works. */
async function live(forMs: number): Promise<void> {
  for (let left = forMs; left > 0; left -= 30_000) {
    await clock.advance(Math.min(left, 30_000));
    await bench.service.ledger.alive();
  }
}

test('what hindered a recording is told: no network, privacy, a full disk, a restart, a platform that was down', async () => {
  const { ledger, gaps } = bench.service;
  await ledger.set(LENS, 'policy', 'continuous');
  await ledger.set(CAMERA_ITSELF, 'presence', 'online');
  await record(NOON, NOON + 600_000);
  await live(600_000);
  await ledger.set(CAMERA_ITSELF, 'presence', 'offline', NOON + 590_000);
  await live(600_000);
  await ledger.set(CAMERA_ITSELF, 'presence', 'online');
  await ledger.set(LENS, 'privacy', 'on');
  await live(600_000);
  await ledger.set(LENS, 'privacy', 'off');
  for (let at = 1_800_000; at < 2_400_000; at += 10_000) {
    await gaps.refused(DEVICE, segmentRequest(bench.random.ulid(), NOON + at), new AppError('NO_CAPACITY'));
  }
  await live(600_000);
  await clock.advance(600_000);
  await record(NOON + 3_000_000, NOON + 4_000_000);
  await live(1_000_000);
  assert.deepEqual(gapsOf(await timeline({ from: NOON, to: NOON + 3_900_000 })), [
    [600_000, 1_200_000, 'offline'],
    [1_200_000, 1_800_000, 'privacy'],
    [1_800_000, 2_391_000, 'storageFull'],
    [2_391_000, 3_000_000, 'platformDown'],
  ]);
});

test('a camera that sent no pictures is told from a device that was away, and a device that starts anew begins anew', async () => {
  const { ledger } = bench.service;
  await ledger.set(LENS, 'policy', 'continuous');
  await ledger.set(CAMERA_ITSELF, 'presence', 'online');
  await record(NOON, NOON + 600_000);
  await live(600_000);
  await ledger.set(LENS, 'signal', 'lost', NOON + 605_000);
  await live(600_000);
  await ledger.set(LENS, 'signal', 'there');
  await record(NOON + 1_200_000, NOON + 1_800_000);
  await ledger.set(LENS, 'signal', 'lost', NOON + 1_800_000);
  await live(1_200_000);
  await ledger.restarted(HOME, CAMERA, { silentMs: 60_000, uptimeMs: 10_000 });
  await live(600_000);
  const account = await timeline({ from: NOON, to: NOON + 2_900_000 });
  assert.deepEqual(gapsOf(account), [
    [600_000, 1_200_000, 'noSignal'],
    [1_800_000, 2_330_000, 'noSignal'],
    [2_330_000, 2_390_000, 'restarted'],
    [2_390_000, 2_900_000, 'unknown'],
  ]);
  assert.equal(account.spans.find(({ reason }) => reason === 'noSignal')?.cause, 'network');
});

test('failures that repeat are one gap, and a segment that comes after all fills it', async () => {
  const { ledger } = bench.service;
  await ledger.set(LENS, 'policy', 'continuous');
  for (let at = 0; at < 600_000; at += 10_000) await ledger.gap(LENS, 'uploadFailed', { from: NOON + at, to: NOON + at + 10_000 });
  assert.equal((await bench.db.selectFrom('recording_gap').selectAll().execute()).length, 1);
  await record(NOON + 100_000, NOON + 200_000);
  await clock.advance(650_000);
  assert.deepEqual(gapsOf(await timeline({ from: NOON, to: NOON + 600_000 })), [
    [0, 100_000, 'uploadFailed'],
    [200_000, 600_000, 'uploadFailed'],
  ]);
});

test('a recording that a user asked for is to be there while it runs, and not after it ends by itself', async () => {
  const { ledger } = bench.service;
  await ledger.set(LENS, 'policy', 'off');
  await ledger.taskStarted(LENS, 'TASK', NOON + 60_000);
  await clock.advance(200_000);
  assert.deepEqual(gapsOf(await timeline({ from: NOON - HOUR_MS })), [[0, 60_000, 'unknown']]);
  await ledger.taskStarted(LENS, 'NEXT', undefined);
  await clock.advance(30_000);
  await ledger.tasksEnded({ homeId: HOME, deviceId: CAMERA }, { taskId: 'NEXT' });
  await clock.advance(200_000);
  assert.deepEqual(gapsOf(await timeline({ from: NOON - HOUR_MS })), [
    [0, 60_000, 'unknown'],
    [200_000, 230_000, 'starting'],
  ]);
});

test('after a device left its home nothing of it is missed there', async () => {
  const { ledger } = bench.service;
  await ledger.set(LENS, 'policy', 'continuous');
  await record(NOON, NOON + 60_000);
  await clock.advance(60_000);
  await ledger.release(HOME, CAMERA);
  await clock.advance(HOUR_MS);
  assert.deepEqual((await timeline({ from: NOON })).spans, [{ from: NOON, to: NOON + 60_000, kind: 'video' }]);
});

for (const [what, jumpMs] of [
  ['a day ahead', DAY_MS],
  ['an hour ahead', HOUR_MS],
  ['a day back', -DAY_MS],
  ['an hour back', -HOUR_MS],
] as const) {
  test(`a clock that jumps ${what} and returns leaves an account in order`, async () => {
    const { ledger } = bench.service;
    const states = ['offline', 'online'] as const;
    await ledger.set(LENS, 'policy', 'continuous');
    await ledger.set(CAMERA_ITSELF, 'presence', 'online');
    for (let turn = 0; turn < 4; turn += 1) {
      if (turn === 1) clock.jump(jumpMs);
      if (turn === 3) clock.jump(-jumpMs);
      for (const state of states) {
        await ledger.set(CAMERA_ITSELF, 'presence', state);
        await ledger.gap(LENS, 'uploadFailed', { from: clock.now() - 20_000, to: clock.now() });
        await clock.advance(600_000);
      }
    }
    await ledger.clockWasOff({ homeId: HOME, deviceId: CAMERA }, jumpMs);
    const now = clock.now();
    const range = { from: now - 2 * DAY_MS, to: now };
    const { spans } = await timeline(range);
    assertInOrder(spans);
    const [first] = await bench.db.selectFrom('recording_fact').select('at').where('fact', '=', 'policy').execute();
    assert.equal(spans[0]?.from, first?.at);
    assert.equal(spans.at(-1)?.to, now - 50_000);
    assert.equal(
      spans.reduce((sum, { from, to }) => sum + to - from, 0),
      now - 50_000 - (first?.at ?? 0),
    );
  });
}

test('a camera whose clock stood in 1970 until it was set misses that time because of its clock, and nothing else is touched', async () => {
  const { ledger, gaps } = bench.service;
  await ledger.set(LENS, 'policy', 'continuous');
  for (let at = 0; at < 300_000; at += 10_000) {
    const early = segmentRequest(bench.random.ulid(), at);
    await assert.rejects(bench.service.intake.create(DEVICE, early), { status: 'TIME_INVALID' });
    await gaps.refused(DEVICE, early, await bench.service.intake.create(DEVICE, early).catch((error: unknown) => error));
    await clock.advance(10_000);
  }
  await record(NOON + 300_000, NOON + 900_000);
  await clock.advance(900_000);
  const { spans } = await timeline({ from: 0, to: NOON + 900_000, cursor: String(NOON - HOUR_MS) });
  assert.deepEqual(spans, [
    { from: NOON, to: NOON + 300_000, kind: 'gap', cause: 'time', reason: 'clock' },
    { from: NOON + 300_000, to: NOON + 900_000, kind: 'video' },
  ]);
});

test('the days of the home are told with their coverage, on the day the clocks change too', async () => {
  await bench.db.updateTable('home').set({ timezone: 'Europe/Berlin' }).execute();
  for (const [midnight, hours] of [
    ['2026-03-29T00:00+01:00', 23],
    ['2026-10-25T00:00+02:00', 25],
  ] as const) {
    const from = Date.parse(midnight);
    const to = from + (hours + 24) * HOUR_MS;
    clock.jump(from - clock.now());
    await bench.service.ledger.set(LENS, 'policy', 'continuous', from);
    await record(from, from + hours * HOUR_MS);
    clock.jump(to + DAY_MS - clock.now());
    const { days, spans } = await timeline({ from, to });
    assert.deepEqual(days, [
      { from, to: from + hours * HOUR_MS, coverage: 1 },
      { from: from + hours * HOUR_MS, to, coverage: 0 },
    ]);
    assertInOrder(spans);
  }
});

test('a long range comes in parts that make up the whole', async () => {
  await bench.service.ledger.set(LENS, 'policy', 'continuous', NOON - 30 * DAY_MS);
  for (let day = 30; day > 0; day -= 1) await record(NOON - day * DAY_MS, NOON - day * DAY_MS + HOUR_MS);
  const range = { from: NOON - 30 * DAY_MS, to: NOON };
  const spans: TimelineSpan[] = [];
  let parts = 0;
  for (let cursor: string | undefined; ; ) {
    const part = await timeline({ ...range, ...(cursor !== undefined && { cursor }) });
    spans.push(...part.spans);
    parts += 1;
    cursor = part.next;
    if (cursor === undefined) break;
  }
  assert.equal(parts, 5);
  assertInOrder(spans);
  assert.equal(spans.filter(({ kind }) => kind === 'video').length, 30);
  await assert.rejects(timeline({ ...range, cursor: 'nonsense' }), { status: 'INVALID_PARAMS' });
  await assert.rejects(timeline({ from: NOON, to: NOON }), { status: 'INVALID_PARAMS' });
});
