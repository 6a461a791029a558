import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, test } from 'node:test';
import { createRandom, SystemClock } from '@cardea/core';
import type { SegmentKind } from '@cardea/protocol';
import { startFaultProxy } from '../store/objects/fixtures/fault-proxy.ts';
import { type Radosgw, startRadosgw } from '../store/objects/fixtures/radosgw.ts';
import { parseS3Address } from '../store/objects/s3/s3-address.ts';
import { S3Bucket } from '../store/objects/s3/s3-bucket.ts';
import { S3ObjectStore } from '../store/objects/s3/s3-object-store.ts';
import { makeSegments } from './fixtures/segment-maker.ts';
import { addCamera, type Bench, CAMERA, HOME, OWNER, openBench } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest, VrClient } from './fixtures/vr-client.ts';
import { rebuild } from './rebuild.ts';
import { VideoService } from './video-service.ts';

const DAY_MS = 86_400_000;
/** A confirmation asks the bucket several times, one after the other. */
const SLOW_MS = 500;

/** Wall time that tests move; the store goes by its own. */
class MovedClock extends SystemClock {
  movedMs = 0;

  override now(): number {
    return super.now() + this.movedMs;
  }
}

const clock = new MovedClock();
const random = createRandom(clock);
let directory: string;
let gateway: Radosgw;
let absence: string | undefined;
let bench: Bench;
let client: VrClient;
let film: Uint8Array;
let other: Uint8Array;
let place = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-direct-'));
  const [first, second] = await makeSegments(directory, { seconds: 2 });
  assert.ok(first && second);
  [film, other] = [first, second];
  try {
    gateway = await startRadosgw();
    await gateway.makeBucket('recordings');
  } catch (error) {
    absence = `the object gateway of Ceph does not run here: ${String(error)}`;
  }
});

after(async () => {
  await bench?.[Symbol.asyncDispose]();
  await gateway?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  if (absence !== undefined) return;
  clock.movedMs = 0;
  place += 1;
  await bench?.[Symbol.asyncDispose]();
  await open();
});

/** A platform with a catalogue of its own over the present place in the bucket. */
async function open(endpoint = gateway.endpoint): Promise<void> {
  const url = `s3://recordings/place-${place}?endpoint=${encodeURIComponent(endpoint)}`;
  const bucket = await S3Bucket.open(parseS3Address(url), gateway);
  bench = await openBench({
    directory: join(directory, random.ulid()),
    clock,
    openObjects: (parts) => new S3ObjectStore({ ...parts, bucket, direct: true }),
  });
  await bench.service.start();
  client = new VrClient(await bench.listen(), await bench.tokenOf(CAMERA));
}

function s3test(name: string, run: () => Promise<void>): void {
  test(name, async (context) => {
    if (absence === undefined) await run();
    else context.skip(absence);
  });
}

/** The process ends and another one takes over, which sweeps at its start. */
async function restart(): Promise<void> {
  await using service = new VideoService(bench.options);
  await service.start();
}

/** The files are swept in the background of a start. */
async function assertTidy(stored: number): Promise<void> {
  await using service = new VideoService(bench.options);
  await service.start();
  let report = await service.fsck({ deep: true });
  while (report.pending > 0) report = await service.fsck({ deep: true });
  assert.deepEqual(
    { stored: report.stored, differences: report.differences, unknown: report.unknown },
    { stored, differences: 0, unknown: 0 },
  );
}

async function segments() {
  const proof = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  return (await bench.service.library.segments(proof)).items;
}

async function codeOf(response: Response): Promise<readonly [number, unknown]> {
  const { error } = (await response.json()) as { error?: { code: number } };
  return [response.status, error?.code];
}

s3test('a segment goes straight to the bucket, is proven when it is confirmed, and is played from there', async () => {
  const startAt = clock.now() - 10_000;
  const created = await client.create(segmentRequest(random.ulid(), startAt));
  assert.equal(new URL(created.upload.url).origin, gateway.endpoint);
  const information = (await (await client.serverInformation()).json()) as { storageHosts: readonly string[] };
  assert.ok(information.storageHosts.includes(new URL(gateway.endpoint).host));
  assert.deepEqual(await codeOf(await client.confirm(created, reportOf(film, startAt))), [409, 1803]);
  assert.equal((await client.put(created, other)).status, 200);
  assert.deepEqual(await codeOf(await client.confirm(created, reportOf(film, startAt))), [409, 1804]);
  assert.equal((await client.put(created, film)).status, 200);
  const confirmed = await client.confirm(created, reportOf(film, startAt));
  assert.equal(confirmed.status, 200);
  assert.deepEqual(await (await client.confirm(created, reportOf(film, startAt))).json(), await confirmed.json());
  // The ticket still opens its hidden name, and nothing else.
  await client.put(created, other);
  const proof = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  const { stream } = await bench.service.library.readSegment(proof, created.segmentId);
  assert.deepEqual(await buffer(stream), Buffer.from(film));
  await assertTidy(1);
});

s3test('a lost answer to create is asked for again, and bytes under either ticket count', async () => {
  const startAt = clock.now() - 10_000;
  const request = segmentRequest(random.ulid(), startAt);
  const first = await client.create(request);
  const second = await client.create(request);
  assert.equal(second.segmentId, first.segmentId);
  assert.notEqual(second.upload.url, first.upload.url);
  await client.put(first, film);
  await client.put(second, other);
  assert.equal((await client.confirm(second, reportOf(film, startAt))).status, 200);
});

s3test('what is no film, and what a device gave up, leaves nothing in the bucket', async () => {
  const startAt = clock.now() - 10_000;
  const noise = Buffer.alloc(5_000, 7);
  const created = await client.create(segmentRequest(random.ulid(), startAt));
  await client.put(created, noise);
  assert.deepEqual(await codeOf(await client.confirm(created, reportOf(noise, startAt))), [409, 1804]);
  await client.put(created, film);
  assert.equal((await client.cancel(created)).status, 200);
  const left: string[] = [];
  for await (const { key } of bench.objects.list('h')) left.push(key);
  assert.deepEqual(left, []);
});

s3test('bytes that were never confirmed are stored two days later as far as they are whole', async () => {
  const startAt = clock.now() - 10_000;
  const whole = await client.create(segmentRequest(random.ulid(), startAt));
  const noise = await client.create(segmentRequest(random.ulid(), startAt - 60_000));
  const empty = await client.create(segmentRequest(random.ulid(), startAt - 120_000));
  await client.put(whole, film);
  await client.put(noise, Buffer.alloc(5_000, 7));
  for (let day = 0; day < 2; day += 1) {
    clock.movedMs += DAY_MS + 1_000;
    await restart();
  }
  // Expired, not cancelled: the device announces it anew.
  const device = { deviceId: CAMERA, homeId: HOME, epoch: 1 };
  const late = bench.service.intake.confirm(device, empty.segmentId, reportOf(film, startAt - 120_000));
  await assert.rejects(late, { status: 'SEGMENT_EXPIRED' });
  assert.deepEqual(
    (await segments()).map(({ id }) => id),
    [whole.segmentId],
  );
  await assertTidy(1);
});

s3test('a lost catalogue is made anew from the bucket', async () => {
  const startAt = clock.now() - 10_000;
  const created = await client.create({ ...segmentRequest(random.ulid(), startAt), stream: 'sub', kind: 'event', eventId: random.ulid() });
  await client.put(created, film);
  assert.equal((await client.confirm(created, reportOf(film, startAt))).status, 200);
  const [before] = await segments();
  await bench[Symbol.asyncDispose]();
  await open();
  assert.deepEqual(await segments(), []);
  assert.deepEqual(await rebuild(bench.options), { restored: 1, refused: 0 });
  assert.deepEqual(await rebuild(bench.options), { restored: 0, refused: 0 });
  const [restored] = await segments();
  assert.ok(before && restored);
  // The end was told by the device, and is now told by the film.
  assert.deepEqual({ ...restored, endAt: 0 }, { ...before, endAt: 0 });
  assert.ok(Math.abs(restored.endAt - before.endAt) < 1_000);
  assert.equal((await bench.service.fsck({ deep: true })).differences, 0);
});

s3test('while the bucket is slow what can wait is not announced any more, alarms still are, and later everything is', async () => {
  await bench[Symbol.asyncDispose]();
  await using proxy = await startFaultProxy(gateway.endpoint);
  await open(proxy.endpoint);
  const origin = bench.options.publicUrl();
  const cameras = await Promise.all(Array.from({ length: 20 }, (_, number) => addCamera(bench.db, number)));
  const clients = await Promise.all(cameras.map(async (id) => new VrClient(origin, await bench.tokenOf(id))));
  const startAt = clock.now() - 60_000;
  const recordings = await Promise.all(
    clients.map(async (camera) => {
      const created = await camera.create(segmentRequest(random.ulid(), startAt));
      await camera.put(created, film);
      return async () => (await camera.confirm(created, reportOf(film, startAt))).status;
    }),
  );
  const announce = async (kind: SegmentKind) =>
    await codeOf(await client.post('/segments', { ...segmentRequest(random.ulid(), startAt - 60_000), kind }));

  proxy.slow(SLOW_MS);
  const slow = await Promise.all(recordings.slice(0, 6).map((confirm) => confirm()));
  assert.deepEqual(new Set(slow), new Set([200]), 'what was announced before is taken');
  proxy.slow(0);
  assert.deepEqual(await announce('continuous'), [429, 1009]);
  assert.deepEqual(await announce('event'), [201, undefined]);
  const rest = await Promise.all(recordings.slice(6).map((confirm) => confirm()));
  assert.deepEqual(new Set(rest), new Set([200]));
  assert.deepEqual(await announce('continuous'), [201, undefined]);
});
