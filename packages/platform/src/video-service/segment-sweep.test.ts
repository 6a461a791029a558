import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, truncate, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { AppError, VirtualClock } from '@cardea/core';
import type { CreatedSegment } from '@cardea/protocol';
import type { BusMessage } from '../store/ports.ts';
import { makeSegments } from './fixtures/segment-maker.ts';
import { sourceOf } from './fixtures/source-of.ts';
import { type Bench, CAMERA, HOME, openBench } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest } from './fixtures/vr-client.ts';
import { VideoService } from './video-service.ts';

const NOON = 1_767_268_800_000;
const DAY_MS = 86_400_000;
const DEVICE = { deviceId: CAMERA, homeId: HOME, epoch: 1 };

let directory: string;
let media: Uint8Array;
let clock: VirtualClock;
let bench: Bench;
let service: VideoService;
let count = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-sweep-'));
  const [first] = await makeSegments(directory, { seconds: 2 });
  assert.ok(first);
  media = first;
});

after(async () => {
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  count += 1;
  clock = new VirtualClock(NOON);
  bench = await openBench({ directory: join(directory, String(count)), clock });
  service = bench.service;
  await service.start();
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
});

async function restart(afterMs = 0): Promise<void> {
  await service[Symbol.asyncDispose]();
  clock.jump(afterMs);
  service = new VideoService(bench.options);
  await service.start();
}

async function create(startAt = NOON): Promise<CreatedSegment> {
  return (await service.intake.create(DEVICE, segmentRequest(bench.random.ulid(), startAt))).segment;
}

async function upload({ segmentId, upload: ticket }: CreatedSegment, bytes: Uint8Array = media): Promise<void> {
  const source = sourceOf(bytes);
  await service.intake.upload(segmentId, new URL(ticket.url).searchParams, { source, declaredBytes: bytes.length, progress: () => 0 });
}

async function store(startAt = NOON, lengthMs = 1_000): Promise<CreatedSegment> {
  const created = await create(startAt);
  await upload(created);
  await service.intake.confirm(DEVICE, created.segmentId, { ...reportOf(media, startAt), endAt: startAt + lengthMs });
  return created;
}

async function stateOf({ segmentId }: CreatedSegment): Promise<string | undefined> {
  return (await bench.db.selectFrom('segment').select('state').where('id', '=', segmentId).executeTakeFirst())?.state;
}

function pathOf({ objectKey }: CreatedSegment): string {
  return join(bench.objectsRoot, objectKey);
}

/** Lets the work a start left to the background come to its end. */
async function until(done: () => Promise<boolean>): Promise<void> {
  while (!(await done())) await clock.advance(0);
}

async function namesBeside(segment: CreatedSegment): Promise<readonly string[]> {
  return await readdir(dirname(pathOf(segment))).catch(() => []);
}

test('what was never confirmed expires after a day; a day later whole bytes are stored, others are dropped', async () => {
  const heard: BusMessage[] = [];
  using _ = bench.bus.subscribe('segment', (message) => heard.push(message));
  const whole = await create(NOON - 3_600_000);
  await upload(whole);
  const noise = await create(NOON - 7_200_000);
  await upload(noise, Buffer.alloc(500));
  const nothing = await create(NOON - 10_800_000);
  await restart(DAY_MS + 1);
  assert.deepEqual(await Promise.all([whole, noise, nothing].map(stateOf)), ['expired', 'expired', 'expired']);
  assert.equal((await namesBeside(whole)).length, 1);
  await restart(DAY_MS);
  assert.deepEqual(await Promise.all([whole, noise, nothing].map(stateOf)), ['stored', 'expired', 'expired']);
  assert.deepEqual(await namesBeside(noise), []);
  const row = await bench.db.selectFrom('segment').selectAll().where('id', '=', whole.segmentId).executeTakeFirstOrThrow();
  assert.deepEqual([row.recovered, row.start_at, row.end_at], [1, NOON - 3_600_000, NOON - 3_600_000 + 1_022]);
  assert.deepEqual(heard, [{ type: 'segment', homeId: HOME, deviceId: CAMERA, segmentId: whole.segmentId }]);
  const { storedAt } = await service.intake.confirm(DEVICE, whole.segmentId, reportOf(media, NOON - 3_600_000));
  assert.equal(storedAt, row.stored_at);
  await restart(7 * DAY_MS);
  assert.deepEqual(await Promise.all([whole, noise, nothing].map(stateOf)), ['stored', undefined, undefined]);
});

test('the job that expires segments runs by itself every five minutes', async () => {
  const created = await create();
  clock.jump(DAY_MS + 1);
  await clock.advance(299_999);
  assert.equal(await stateOf(created), 'created');
  await clock.advance(1);
  await until(async () => (await stateOf(created)) === 'expired');
});

test('bytes of a second that was stored meanwhile under another segment are not stored twice', async () => {
  const forgotten = await create();
  await upload(forgotten);
  await restart(DAY_MS + 1);
  await store(NOON, 2_000);
  await restart(DAY_MS);
  assert.equal(await stateOf(forgotten), 'expired');
  assert.equal((await namesBeside(forgotten)).length, 1);
});

test('a deletion that a crash interrupted is finished at the next start, at each of its steps', async () => {
  const [marked, unlinked] = [await store(NOON), await store(NOON - 60_000)];
  await bench.db.updateTable('segment').set({ state: 'garbage' }).where('id', 'in', [marked.segmentId, unlinked.segmentId]).execute();
  await unlink(pathOf(unlinked));
  await restart();
  assert.deepEqual(await Promise.all([marked, unlinked].map(stateOf)), [undefined, undefined]);
  assert.deepEqual(await namesBeside(marked), []);
});

test('a cancellation that a crash interrupted leaves no bytes', async () => {
  const created = await create();
  await upload(created);
  await bench.db.updateTable('segment').set({ state: 'cancelled' }).where('id', '=', created.segmentId).execute();
  await restart();
  assert.deepEqual(await namesBeside(created), []);
});

test('a confirmation that a crash interrupted between name and row succeeds when it is repeated', async () => {
  const created = await create();
  await upload(created);
  const [part = ''] = await namesBeside(created);
  await rename(join(dirname(pathOf(created)), part), pathOf(created));
  await restart();
  const pending = await service.fsck({ deep: true });
  assert.deepEqual([pending.pending, pending.differences], [1, 0]);
  await service.intake.confirm(DEVICE, created.segmentId, reportOf(media, NOON));
  assert.equal(await stateOf(created), 'stored');
});

test('after such a crash other bytes under the final name are not taken for the ones that were uploaded', async () => {
  const created = await create();
  await upload(created);
  const [part = ''] = await namesBeside(created);
  await unlink(join(dirname(pathOf(created)), part));
  await writeFile(pathOf(created), Buffer.alloc(media.length));
  await assert.rejects(
    service.intake.confirm(DEVICE, created.segmentId, reportOf(media, NOON)),
    (error) => error instanceof AppError && error.status === 'OBJECT_MISSING',
  );
  await upload(created);
  await service.intake.confirm(DEVICE, created.segmentId, reportOf(media, NOON));
  assert.deepEqual(await readFile(pathOf(created)), Buffer.from(media));
});

test('uploads a crash left torn are removed at the next start, the whole ones stay', async () => {
  const created = await create();
  await upload(created);
  const [part = ''] = await namesBeside(created);
  await writeFile(join(dirname(pathOf(created)), part.replace(/[0-9A-Z]{26}\.part$/, '01KDVBW3T4D1F3H5K7N9Q2T4W6.part')), 'torn');
  await restart();
  await until(async () => (await namesBeside(created)).length === 1);
  assert.deepEqual(await namesBeside(created), [part]);
  await service.intake.confirm(DEVICE, created.segmentId, reportOf(media, NOON));
});

test('a file no row knows of is put aside once it is old, never deleted, and a young one is left alone', async () => {
  const place = join(bench.objectsRoot, `h/${HOME}/d/${CAMERA}/1/2026/01/01/10`);
  await mkdir(place, { recursive: true });
  const [old, young] = ['10-00.000Z-01KDVBW3T4D1F3H5K7N9Q2T4W6.mp4', '20-00.000Z-01KDVBW3T4D1F3H5K7N9Q2T4W7.mp4'] as const;
  await writeFile(join(place, old), media);
  await writeFile(join(place, young), media);
  await utimes(join(place, old), NOON / 1_000 - 3_601, NOON / 1_000 - 3_601);
  await utimes(join(place, young), NOON / 1_000 - 3_599, NOON / 1_000 - 3_599);
  await writeFile(join(bench.objectsRoot, 'h', 'not-of-the-video-service'), '');
  assert.equal((await service.fsck({ deep: false })).unknown, 2);
  await restart();
  await until(async () => (await readdir(place)).length === 1);
  assert.deepEqual(await readdir(place), [young]);
  const { unknown, quarantined, differences } = await service.fsck({ deep: false });
  assert.deepEqual({ unknown, quarantined, differences }, { unknown: 1, quarantined: 1, differences: 1 });
});

test('fsck counts what is missing, cut short or changed, and finds a changed byte only when it looks deep', async () => {
  const [lost, cut, changed] = [await store(NOON), await store(NOON - 60_000), await store(NOON - 120_000)];
  await store(NOON - 180_000);
  await unlink(pathOf(lost));
  await truncate(pathOf(cut), media.length - 1);
  const bytes = Buffer.from(media);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  await writeFile(pathOf(changed), bytes);
  const expected = {
    stored: 4,
    intact: 2,
    missing: 1,
    wrongSize: 1,
    wrongDigest: 0,
    pending: 0,
    unknown: 0,
    quarantined: 0,
    differences: 2,
  };
  assert.deepEqual(await service.fsck({ deep: false }), expected);
  assert.deepEqual(await service.fsck({ deep: true }), { ...expected, intact: 1, wrongDigest: 1, differences: 3 });
});

test('the video service does not start without the disk its segments are on', async () => {
  await store();
  await service[Symbol.asyncDispose]();
  await rename(bench.objectsRoot, `${bench.objectsRoot}.unmounted`);
  const again = await openBench({ directory: join(directory, String(count)), clock });
  await using _ = again;
  await assert.rejects(again.service.start(), (error) => error instanceof AppError && error.status === 'INVALID_STATE');
});

test('when the service ends, nothing of it is left waiting', async () => {
  await service[Symbol.asyncDispose]();
  assert.equal(clock.pendingTimers, 0);
});
