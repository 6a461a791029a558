import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { VirtualClock } from '@cardea/core';
import type { CreatedSegment } from '@cardea/protocol';
import { makeSegments } from '../../../packages/platform/src/video-service/fixtures/segment-maker.ts';
import {
  addCamera,
  type Bench,
  CAMERA,
  HOME,
  OWNER,
  openBench,
} from '../../../packages/platform/src/video-service/fixtures/video-bench.ts';
import { reportOf, segmentRequest, VrClient } from '../../../packages/platform/src/video-service/fixtures/vr-client.ts';
import { directoryVolume } from '../../../packages/platform/src/video-service/retention/volume.ts';

const run = promisify(execFile);
const NOON = 1_767_268_800_000;
const VOLUME_MEGABYTES = 64;
const SEGMENT_BYTES = 2_000_000;
const SEGMENT_MS = 20_000;
const MINUTES = 10;
/** reliability.md P6. */
const TOLD_WITHIN_MS = 10_000;
const RESUMES_WITHIN_MS = 5_000;
/** Recordings may take what the volume has without the reserve for the catalogue. */
const ROOM_BYTES = VOLUME_MEGABYTES * 1_048_576 * 0.95;
/** The most the catalogue takes of it. */
const CATALOGUE_BYTES = 6_000_000;
/** A volume of its own; undefined where this user may mount none. */
async function mountVolume(): Promise<(AsyncDisposable & { readonly path: string }) | undefined> {
  const path = await mkdtemp(join(tmpdir(), 'cardea-volume-'));
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${VOLUME_MEGABYTES}m`, 'cardea-test', path]);
  } catch {
    await rmdir(path);
    return undefined;
  }
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      await run('umount', [path]);
      await rmdir(path);
    },
  };
}

/** One segment as large as it is long, with a box of nothing at its end. */
async function makeMedia(): Promise<Uint8Array> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-media-'));
  const [bytes] = await makeSegments(directory, { seconds: 1 });
  await rm(directory, { recursive: true });
  assert.ok(bytes);
  const padding = Buffer.alloc(SEGMENT_BYTES - bytes.length);
  padding.writeUInt32BE(padding.length, 0);
  padding.write('free', 4, 'latin1');
  return Buffer.concat([bytes, padding]);
}

/** A camera that keeps what is refused and brings it later, oldest first. */
class Recorder {
  /** Begins of the segments that wait. */
  readonly waiting: number[] = [];
  readonly stored: { readonly id: string; readonly startAt: number }[] = [];
  readonly refusals = new Set<number>();
  private readonly client: VrClient;
  private readonly bench: Bench;
  private readonly media: Uint8Array;

  constructor(client: VrClient, bench: Bench, media: Uint8Array) {
    this.client = client;
    this.bench = bench;
    this.media = media;
  }

  /** Brings what waits until something is refused. */
  async bring(): Promise<void> {
    for (let [startAt] = this.waiting; startAt !== undefined; [startAt] = this.waiting) {
      const request = { ...segmentRequest(this.bench.random.ulid(), startAt), durationMs: SEGMENT_MS };
      const created = await this.client.post('/segments', request);
      if (created.status !== 201) return void this.refusals.add(created.status);
      const segment = (await created.json()) as CreatedSegment;
      const put = await this.client.put(segment, this.media);
      if (put.status !== 201) return void this.refusals.add(put.status);
      const confirmed = await this.client.confirm(segment, { ...reportOf(this.media, startAt), endAt: startAt + SEGMENT_MS });
      if (confirmed.status !== 200) return void this.refusals.add(confirmed.status);
      this.waiting.shift();
      this.stored.push({ id: segment.segmentId, startAt });
    }
  }
}

async function recordedBytes({ db }: Bench): Promise<number> {
  const { sum } = await db
    .selectFrom('segment')
    .select((e) => e.fn.sum<number>('size_bytes').as('sum'))
    .where('state', '=', 'stored')
    .executeTakeFirstOrThrow();
  return Number(sum ?? 0);
}

/** What was begun at the disk has come to its end: time that is not real passes no faster. */
async function untilDiskRests(): Promise<void> {
  const isAtDisk = (): boolean => process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'));
  for (let turn = 0; turn < 20 || isAtDisk(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Writes until not a byte more fits. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, 'w');
  await assert.rejects(
    async () => {
      for (;;) await file.write(Buffer.alloc(65_536));
    },
    { code: 'ENOSPC' },
  );
}

test(`four cameras record on a volume of ${VOLUME_MEGABYTES} MB for ${MINUTES} minutes, which somebody else fills for one of them`, async (t) => {
  await using volume = await mountVolume();
  if (volume === undefined) return t.skip('this user may mount no volume');
  const clock = new VirtualClock(NOON);
  const full: number[] = [];
  const directory = join(volume.path, 'data');
  const notices = { stopped: async () => {}, full: async () => void full.push(clock.now()) };
  const more = { volume: directoryVolume(join(directory, 'objects')), notices, retention: { days: 30 } };
  await using bench = await openBench({ directory, clock, more });
  const { service } = bench;
  await service.start();
  const origin = await bench.listen();
  const media = await makeMedia();
  const ids = [CAMERA, ...(await Promise.all([1, 2, 3].map((number) => addCamera(bench.db, number))))];
  for (const deviceId of ids) await service.ledger.set({ homeId: HOME, deviceId, channel: 1 }, 'policy', 'continuous');
  const recorders = await Promise.all(ids.map(async (id) => new Recorder(new VrClient(origin, await bench.tokenOf(id)), bench, media)));
  const [peaks, freedTo] = [[] as number[], [] as number[]];
  const minute = async (): Promise<void> => {
    for (let passedMs = 0; passedMs < 60_000; passedMs += SEGMENT_MS) {
      await clock.advance(SEGMENT_MS);
      for (const recorder of recorders) {
        recorder.waiting.push(clock.now() - SEGMENT_MS);
        await recorder.bring();
        const before = await recordedBytes(bench);
        await service.settled();
        const after = await recordedBytes(bench);
        peaks.push(before);
        if (after < before) freedTo.push(after);
      }
    }
  };
  for (let passed = 0; passed < 2; passed += 1) await minute();
  const lock = await bench.authorizer.device(OWNER, 'control', CAMERA);
  const locked = recorders[0]?.stored.slice(1, 3).map(({ id }) => id) ?? [];
  for (const id of locked) await service.library.setLocked(lock, id, true);
  for (let passed = 2; passed < 5; passed += 1) await minute();
  const leastFreedTo = Math.min(...freedTo);

  const filledAt = clock.now();
  await fill(join(volume.path, 'other'));
  for (let passedMs = 0; passedMs < TOLD_WITHIN_MS && full.length === 0; passedMs += 1_000) {
    await clock.advance(1_000);
    await untilDiskRests();
  }
  assert.ok(full[0] !== undefined && full[0] - filledAt <= TOLD_WITHIN_MS, 'the home is told');
  await minute();
  await rm(join(volume.path, 'other'));
  await clock.advance(RESUMES_WITHIN_MS);
  for (const recorder of recorders) await recorder.bring();
  assert.deepEqual(
    recorders.map(({ waiting }) => waiting.length),
    [0, 0, 0, 0],
    'recording goes on',
  );
  for (let passed = 6; passed < MINUTES; passed += 1) await minute();

  assert.deepEqual(new Set(recorders.flatMap(({ refusals }) => [...refusals])), new Set([503]));
  assert.ok(Math.max(...peaks) <= 0.85 * ROOM_BYTES + SEGMENT_BYTES, `at most ${Math.max(...peaks)} bytes`);
  assert.ok(leastFreedTo >= 0.83 * (ROOM_BYTES - CATALOGUE_BYTES) - SEGMENT_BYTES, `at least ${leastFreedTo} bytes`);
  for (const [index, deviceId] of ids.entries()) {
    const rows = await bench.db
      .selectFrom('segment')
      .select(['id', 'locked'])
      .where('device_id', '=', deviceId)
      .orderBy('start_at')
      .execute();
    const free = rows.filter((row) => row.locked === 0).map(({ id }) => id);
    assert.ok(free.length > 3);
    // What is left is what was recorded last: the oldest went first.
    assert.deepEqual(
      free,
      recorders[index]?.stored.slice(-free.length).map(({ id }) => id),
    );
    if (deviceId === CAMERA)
      assert.deepEqual(
        locked,
        rows.filter((row) => row.locked === 1).map(({ id }) => id),
      );
    const view = await bench.authorizer.device(OWNER, 'view.recordings', deviceId);
    const { spans } = await service.timelines.timeline(view, { from: NOON, to: clock.now() });
    const gaps = spans.filter(({ kind }) => kind === 'gap').map(({ reason }) => reason);
    assert.deepEqual(new Set(gaps), new Set(['expired']));
  }
  const { differences, intact } = await service.fsck({ deep: true });
  assert.deepEqual({ differences, left: intact > 0 }, { differences: 0, left: true });
});
