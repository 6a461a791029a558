import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { Segment } from '@cardea/api';
import { AppError, VirtualClock } from '@cardea/core';
import { type CreatedSegment, conforms } from '@cardea/protocol';
import type { BusMessage } from '../store/ports.ts';
import { makeSegments } from './fixtures/segment-maker.ts';
import { sourceOf } from './fixtures/source-of.ts';
import { type Bench, CAMERA, HOME, OTHER_CAMERA, OWNER, openBench, STRANGER } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest, sha256Of } from './fixtures/vr-client.ts';
import type { SegmentLibrary } from './segment-library.ts';

const NOON = 1_767_268_800_000;
const HOUR_MS = 3_600_000;

let directory: string;
let media: Uint8Array;
let clock: VirtualClock;
let bench: Bench;
let library: SegmentLibrary;
let hour = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-library-'));
  const [first] = await makeSegments(directory, { seconds: 1 });
  assert.ok(first);
  media = first;
  clock = new VirtualClock(NOON);
  bench = await openBench({ directory: join(directory, 'data'), clock });
  library = bench.service.library;
  await bench.service.start();
});

after(async () => {
  await bench[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function store(
  startAt: number,
  { channel = 1, home = HOME, device = CAMERA, eventId = '' } = {},
): Promise<CreatedSegment & { readonly clientSegmentId: string }> {
  const holder = { deviceId: device, homeId: home, epoch: 1 };
  const request = { ...segmentRequest(bench.random.ulid(), startAt), channel, ...(eventId !== '' && { eventId }) };
  const { segment } = await bench.service.intake.create(holder, request);
  const source = sourceOf(media);
  const query = new URL(segment.upload.url).searchParams;
  await bench.service.intake.upload(segment.segmentId, query, { source, declaredBytes: media.length, progress: () => 0 });
  await bench.service.intake.confirm(holder, segment.segmentId, reportOf(media, startAt));
  return { ...segment, clientSegmentId: request.clientSegmentId };
}

/** The start of an hour that no other test uses. */
function freshHour(): number {
  hour += 1;
  return NOON - hour * HOUR_MS;
}

function see(deviceId = CAMERA, principal = OWNER) {
  return bench.authorizer.device(principal, 'view.recordings', deviceId);
}

function isStatus(status: string): (error: unknown) => boolean {
  return (error) => error instanceof AppError && error.status === status;
}

test('a user sees what was stored, and nothing that is only on its way', async () => {
  const startAt = freshHour();
  const eventId = bench.random.ulid();
  const stored = await store(startAt, { eventId });
  const { segment: open } = await bench.service.intake.create(
    { deviceId: CAMERA, homeId: HOME, epoch: 1 },
    segmentRequest(bench.random.ulid(), startAt + 60_000),
  );
  const { items } = await library.segments(await see(), { from: startAt, to: startAt + HOUR_MS });
  assert.deepEqual(items, [
    {
      id: stored.segmentId,
      deviceId: CAMERA,
      homeId: HOME,
      channel: 1,
      stream: 'main',
      kind: 'continuous',
      startAt,
      endAt: startAt + 1_000,
      sizeBytes: media.length,
      sha256: sha256Of(media),
      eventId,
      locked: false,
      clientSegmentId: stored.clientSegmentId,
    },
  ]);
  assert.ok(items.every((item) => conforms(Segment, item)));
  assert.deepEqual(await library.segment(await see(), stored.segmentId), items[0]);
  await assert.rejects(library.segment(await see(), open.segmentId), isStatus('NOT_FOUND'));
  assert.equal(await library.deviceOf(stored.segmentId), CAMERA);
  assert.equal(await library.deviceOf(open.segmentId), undefined);
  assert.equal(await library.deviceOf('nothing'), undefined);
});

test('a list is paged without loss or repetition, and bounded by time and channel', async () => {
  const begin = freshHour();
  const ids: string[] = [];
  for (let index = 0; index < 7; index += 1) ids.push((await store(begin + index * 1_000)).segmentId);
  const other = await store(begin, { channel: 2 });
  const proof = await see();
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await library.segments(proof, {
      from: begin,
      to: begin + 7_000,
      channel: 1,
      limit: 3,
      ...(cursor !== undefined && { cursor }),
    });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== undefined);
  assert.deepEqual(seen, ids);
  const middle = await library.segments(proof, { from: begin + 2_500, to: begin + 4_500, channel: 1 });
  assert.deepEqual(
    middle.items.map(({ id }) => id),
    ids.slice(2, 5),
  );
  const exact = await library.segments(proof, { from: begin + 1_000, to: begin + 2_000, channel: 1 });
  assert.deepEqual(
    exact.items.map(({ id }) => id),
    ids.slice(1, 2),
  );
  const second = await library.segments(proof, { from: begin, to: begin + 7_000, channel: 2 });
  assert.deepEqual(
    second.items.map(({ id }) => id),
    [other.segmentId],
  );
  await assert.rejects(library.segments(proof, { cursor: 'x' }), isStatus('INVALID_PARAMS'));
});

test('bytes are served whole or in part, with their size and digest', async () => {
  const { segmentId } = await store(freshHour());
  const whole = await library.readSegment(await see(), segmentId);
  assert.deepEqual([whole.sizeBytes, whole.etag], [media.length, sha256Of(media)]);
  assert.deepEqual(await buffer(whole.stream), Buffer.from(media));
  const part = await library.readSegment(await see(), segmentId, { start: 4, end: 7 });
  assert.equal(part.sizeBytes, media.length);
  assert.equal((await buffer(part.stream)).toString('latin1'), 'ftyp');
});

test('a proof for one device opens nothing of another, whatever id is asked for', async () => {
  const mine = await store(freshHour());
  const theirs = await store(freshHour(), { home: '01KDVBH0000000000000000002', device: OTHER_CAMERA });
  const proof = await see();
  const foreign = [
    () => library.segment(proof, theirs.segmentId),
    () => library.readSegment(proof, theirs.segmentId),
    async () => library.setLocked(await bench.authorizer.device(OWNER, 'control', CAMERA), theirs.segmentId, true),
    async () => library.remove(await bench.authorizer.device(OWNER, 'manage', CAMERA), theirs.segmentId),
    async () => library.segment(await see(OTHER_CAMERA, STRANGER), mine.segmentId),
  ];
  for (const attempt of foreign) await assert.rejects(attempt(), isStatus('NOT_FOUND'));
  assert.ok(await library.segment(await see(OTHER_CAMERA, STRANGER), theirs.segmentId));
});

test('a camera that moved to another home takes none of its recordings along', async () => {
  const { segmentId } = await store(freshHour());
  await bench.db.updateTable('device').set({ home_id: '01KDVBH0000000000000000002' }).where('id', '=', CAMERA).execute();
  const proof = await see(CAMERA, STRANGER);
  assert.deepEqual((await library.segments(proof)).items, []);
  await assert.rejects(library.readSegment(proof, segmentId), isStatus('NOT_FOUND'));
  await bench.db.updateTable('device').set({ home_id: HOME }).where('id', '=', CAMERA).execute();
});

test('a row that names the bytes of another home serves none', async () => {
  const [{ segmentId }, other] = [
    await store(freshHour()),
    await store(freshHour(), { home: '01KDVBH0000000000000000002', device: OTHER_CAMERA }),
  ];
  const row = await bench.db.selectFrom('segment').selectAll().where('id', '=', segmentId).executeTakeFirstOrThrow();
  await bench.db.deleteFrom('segment').where('id', '=', segmentId).execute();
  await bench.db
    .insertInto('segment')
    .values({ ...row, object_key: other.objectKey })
    .execute();
  await assert.rejects(library.readSegment(await see(), segmentId), isStatus('INTERNAL_ERROR'));
  await bench.db.deleteFrom('segment').where('id', '=', segmentId).execute();
});

test('damaged bytes are found before they are served', async () => {
  const { segmentId, objectKey } = await store(freshHour());
  const damaged = Buffer.from(media);
  damaged[200] = (damaged[200] ?? 0) ^ 0x80;
  await writeFile(join(bench.objectsRoot, objectKey), damaged);
  await assert.rejects(library.readSegment(await see(), segmentId), isStatus('OBJECT_MISMATCH'));
  await assert.rejects(library.readSegment(await see(), segmentId, { start: 0, end: 3 }), isStatus('OBJECT_MISMATCH'));
  const damagedAt = async () => {
    const row = await bench.db.selectFrom('segment').select('damaged_at').where('id', '=', segmentId).executeTakeFirstOrThrow();
    return row.damaged_at;
  };
  assert.equal(await damagedAt(), clock.now());
  // Somebody brought the bytes back from a copy.
  await writeFile(join(bench.objectsRoot, objectKey), media);
  await library.readSegment(await see(), segmentId);
  assert.equal(await damagedAt(), null);
  await clock.advance(11 * 60_000);
  await rm(join(bench.objectsRoot, objectKey));
  await assert.rejects(library.readSegment(await see(), segmentId), isStatus('INTERNAL_ERROR'));
});

test('delete means delete: row and bytes are gone, and everyone who watches hears of it', async () => {
  const { segmentId, objectKey } = await store(freshHour());
  const heard: BusMessage[] = [];
  using _ = bench.bus.subscribe('segment', (message) => heard.push(message));
  const proof = await bench.authorizer.device(OWNER, 'manage', CAMERA);
  const outcomes = await Promise.allSettled([library.remove(proof, segmentId), library.remove(proof, segmentId)]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  await assert.rejects(library.segment(await see(), segmentId), isStatus('NOT_FOUND'));
  assert.deepEqual(await readdir(dirname(join(bench.objectsRoot, objectKey))), []);
  assert.equal(await bench.db.selectFrom('segment').select('id').where('id', '=', segmentId).executeTakeFirst(), undefined);
  assert.deepEqual(heard, [{ type: 'segment', homeId: HOME, deviceId: CAMERA, segmentId }]);
});

test('the timeline tells of a deleted segment that it was deleted', async () => {
  const startAt = freshHour();
  const { segmentId } = await store(startAt);
  await bench.service.ledger.set({ homeId: HOME, deviceId: CAMERA, channel: 1 }, 'policy', 'continuous', startAt);
  await library.remove(await bench.authorizer.device(OWNER, 'manage', CAMERA), segmentId);
  const { spans } = await bench.service.timelines.timeline(await see(), { from: startAt, to: startAt + 1_500, channel: 1 });
  assert.deepEqual(spans, [{ from: startAt, to: startAt + 1_500, kind: 'gap', cause: 'policy', reason: 'deleted' }]);
});

test('a locked segment is kept until it is unlocked', async () => {
  const { segmentId } = await store(freshHour());
  const control = await bench.authorizer.device(OWNER, 'control', CAMERA);
  const manage = await bench.authorizer.device(OWNER, 'manage', CAMERA);
  assert.equal((await library.setLocked(control, segmentId, true)).locked, true);
  await assert.rejects(library.remove(manage, segmentId), isStatus('INVALID_STATE'));
  assert.equal((await library.setLocked(control, segmentId, false)).locked, false);
  await library.remove(manage, segmentId);
});
