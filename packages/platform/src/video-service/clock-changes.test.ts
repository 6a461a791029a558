import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { makeSegments } from './fixtures/segment-maker.ts';
import { sourceOf } from './fixtures/source-of.ts';
import { type Bench, CAMERA, HOME, OWNER, openBench } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest } from './fixtures/vr-client.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const AROUND_MS = 35 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOON = 1_767_268_800_000;
const DEVICE = { deviceId: CAMERA, homeId: HOME, epoch: 1 };

let directory: string;
let media: Uint8Array;
let clock: VirtualClock;
let bench: Bench;
let count = 0;
const zoneOfMachine = process.env.TZ;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-clock-'));
  const [first] = await makeSegments(directory, { seconds: 1 });
  assert.ok(first);
  media = first;
});

after(async () => {
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  count += 1;
  clock = new VirtualClock(NOON);
  bench = await openBench({ directory: join(directory, String(count)), clock, database: ':memory:' });
  await bench.service.start();
});

afterEach(async () => {
  if (zoneOfMachine === undefined) delete process.env.TZ;
  else process.env.TZ = zoneOfMachine;
  await bench.service[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

/** Stores a minute that begins at `startAt`; the result is its id. */
async function storeMinute(startAt: number, spanId: string): Promise<string> {
  const { intake } = bench.service;
  const request = { ...segmentRequest(bench.random.ulid(), startAt), durationMs: MINUTE_MS, spanId };
  const { segment } = await intake.create(DEVICE, request);
  const source = sourceOf(media);
  await intake.upload(segment.segmentId, new URL(segment.upload.url).searchParams, {
    source,
    declaredBytes: media.length,
    progress: () => 0,
  });
  await intake.confirm(DEVICE, segment.segmentId, { ...reportOf(media, startAt), endAt: startAt + MINUTE_MS });
  return segment.segmentId;
}

/** What a user sees, as it is listed. */
async function listed(): Promise<readonly { readonly id: string; readonly startAt: number; readonly endAt: number }[]> {
  const proof = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  const all = [];
  let cursor: string | undefined;
  do {
    const page = await bench.service.library.segments(proof, { limit: 200, ...(cursor !== undefined && { cursor }) });
    all.push(...page.items);
    cursor = page.next;
  } while (cursor !== undefined);
  return all;
}

/** As many files as segments, each with the bytes of its row. */
async function assertNothingOverwritten(stored: readonly string[]): Promise<void> {
  const files = await readdir(bench.objectsRoot, { recursive: true });
  assert.equal(files.filter((name) => name.endsWith('.mp4')).length, stored.length);
  assert.deepEqual((await listed()).map(({ id }) => id).toSorted(), stored.toSorted());
  const { differences, intact } = await bench.service.fsck({ deep: true });
  assert.deepEqual({ differences, intact }, { differences: 0, intact: stored.length });
}

for (const [zone, changes] of [
  ['Europe/Berlin', ['2026-03-29T01:00Z', '2026-10-25T01:00Z']],
  ['America/New_York', ['2026-03-08T07:00Z', '2026-11-01T06:00Z']],
  // Its clocks change by half an hour.
  ['Australia/Lord_Howe', ['2026-10-03T15:30Z', '2026-04-04T15:00Z']],
] as const) {
  for (const change of changes) {
    test(`in ${zone} no recording of the night on which the clocks change is lost: ${change}`, async () => {
      process.env.TZ = zone;
      await bench.db.updateTable('home').set({ timezone: zone }).execute();
      // Long enough for every time of day that comes twice.
      const [from, to] = [Date.parse(change) - AROUND_MS, Date.parse(change) + AROUND_MS];
      assert.notEqual(new Date(from).getTimezoneOffset(), new Date(to).getTimezoneOffset(), 'the clocks change');
      clock.jump(from - clock.now());
      await bench.service.ledger.set({ homeId: HOME, deviceId: CAMERA, channel: 1 }, 'policy', 'continuous', from);
      const spanId = bench.random.ulid();
      const stored: string[] = [];
      for (let at = from; at < to; at += MINUTE_MS) {
        stored.push(await storeMinute(at, spanId));
        await clock.advance(MINUTE_MS);
      }
      await clock.advance(5 * MINUTE_MS);
      const proof = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
      const { spans } = await bench.service.timelines.timeline(proof, { from, to });
      assert.deepEqual(spans, [{ from, to, kind: 'video' }]);
      const list = await listed();
      assert.deepEqual(
        list.map(({ id }) => id),
        stored,
      );
      for (let index = 1; index < list.length; index += 1) assert.ok((list[index]?.startAt ?? 0) >= (list[index - 1]?.endAt ?? 0));
      await assertNothingOverwritten(stored);
    });
  }
}

test('clocks that jump an hour and a day, on and back, overwrite nothing, and each stretch keeps its order', async () => {
  const stored: string[] = [];
  const stretches: string[][] = [];
  for (const stepMs of [0, HOUR_MS, -HOUR_MS, DAY_MS, -DAY_MS]) {
    clock.jump(stepMs);
    const spanId = bench.random.ulid();
    const ids: string[] = [];
    const from = clock.now();
    for (let minute = 0; minute < 10; minute += 1) {
      ids.push(await storeMinute(from + minute * MINUTE_MS, spanId));
      await clock.advance(MINUTE_MS);
    }
    stretches.push(ids);
    stored.push(...ids);
  }
  await assertNothingOverwritten(stored);
  const order = (await listed()).map(({ id }) => id);
  for (const ids of stretches)
    assert.deepEqual(
      order.filter((id) => ids.includes(id)),
      ids,
    );
});

test('what a camera brings that believes it is 1970 or 2099 is refused, and after its clock was set everything is taken', async () => {
  const spanId = bench.random.ulid();
  for (const wrong of [0, Date.UTC(2099, 0)]) await assert.rejects(storeMinute(wrong, spanId), { status: 'TIME_INVALID' });
  const stored = [await storeMinute(NOON, bench.random.ulid())];
  await assertNothingOverwritten(stored);
});
