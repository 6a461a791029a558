import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { TimelineSpan } from '@cardea/api';
import { hasStatus, VirtualClock } from '@cardea/core';
import { makeSegments } from '../fixtures/segment-maker.ts';
import { sourceOf } from '../fixtures/source-of.ts';
import { type Bench, CAMERA, HOME, OTHER_CAMERA, OTHER_HOME, OWNER, openBench, STRANGER } from '../fixtures/video-bench.ts';
import { reportOf, segmentRequest } from '../fixtures/vr-client.ts';
import { VideoService } from '../video-service.ts';

const NOON = 1_767_268_800_000;
const DAY_MS = 86_400_000;
const MEGABYTE = 1_000_000;
const SECOND_CAMERA = 'abcdefghjkmnpqrstvwxyz0124';
const THIRD_CAMERA = 'abcdefghjkmnpqrstvwxyz0125';

let directory: string;
let media: Uint8Array;
let clock: VirtualClock;
let bench: Bench;
let service: VideoService;
let freeBytes: number;
let full: string[];
let count = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-retention-'));
  const [first] = await makeSegments(directory, { seconds: 1 });
  assert.ok(first);
  media = padded(first, MEGABYTE);
});

after(async () => {
  await rm(directory, { recursive: true });
});

beforeEach(async () => {
  count += 1;
  clock = new VirtualClock(NOON);
  bench = await openBench({ directory: join(directory, String(count)), clock });
  freeBytes = Number.MAX_SAFE_INTEGER;
  full = [];
});

afterEach(async () => {
  await service[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
  await rm(join(directory, String(count)), { recursive: true });
});

/** The segment with a box of nothing at its end. */
function padded(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const padding = Buffer.alloc(sizeBytes - bytes.length);
  padding.writeUInt32BE(padding.length, 0);
  padding.write('free', 4, 'latin1');
  return Buffer.concat([bytes, padding]);
}

async function begin({ totalBytes, days = 30 }: { readonly totalBytes?: number; readonly days?: number } = {}): Promise<void> {
  const volume = { room: async () => ({ totalBytes: 100 * MEGABYTE, freeBytes }) };
  const notices = { stopped: async () => {}, full: async ({ homeId }: { homeId: string }) => void full.push(homeId) };
  service = new VideoService({ ...bench.options, notices, retention: { days, totalBytes }, ...(totalBytes === undefined && { volume }) });
  await service.start();
}

async function addCamera(id: string): Promise<void> {
  const row = await bench.db.selectFrom('device').selectAll().where('id', '=', CAMERA).executeTakeFirstOrThrow();
  await bench.db
    .insertInto('device')
    .values({ ...row, id })
    .execute();
}

async function store(
  deviceId: string,
  startAt: number,
  { homeId = HOME, kind = 'continuous' as 'continuous' | 'event' } = {},
): Promise<string> {
  const device = { deviceId, homeId, epoch: 1 };
  const { segment } = await service.intake.create(device, { ...segmentRequest(bench.random.ulid(), startAt), kind });
  const source = sourceOf(media);
  await service.intake.upload(segment.segmentId, new URL(segment.upload.url).searchParams, {
    source,
    declaredBytes: media.length,
    progress: () => 0,
  });
  await service.intake.confirm(device, segment.segmentId, { ...reportOf(media, startAt), endAt: startAt + 10_000 });
  return segment.segmentId;
}

async function stored(deviceId: string): Promise<readonly { readonly id: string; readonly at: number; readonly locked: number }[]> {
  return await bench.db
    .selectFrom('segment')
    .select(['id', 'start_at as at', 'locked'])
    .where('device_id', '=', deviceId)
    .where('state', '=', 'stored')
    .orderBy('start_at')
    .execute();
}

/** Lets what was woken come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await clock.advance(0);
}

async function untilStored(deviceId: string, wanted: number): Promise<void> {
  while ((await stored(deviceId)).length > wanted) await clock.advance(0);
}

async function bytesOnDisk(): Promise<number> {
  const files = await readdir(bench.objectsRoot, { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile() && file.name.endsWith('.mp4')).length * MEGABYTE;
}

test('four cameras on 64 megabytes never fill it, lose the oldest first and no locked recording, and every gap is explained', async () => {
  const totalBytes = 64 * MEGABYTE;
  await addCamera(SECOND_CAMERA);
  await addCamera(THIRD_CAMERA);
  await begin({ totalBytes });
  const cameras = [CAMERA, SECOND_CAMERA, THIRD_CAMERA];
  const begun = clock.now();
  for (const deviceId of cameras) await service.ledger.set({ homeId: HOME, deviceId, channel: 1 }, 'policy', 'continuous');
  const proof = await bench.authorizer.device(OWNER, 'control', CAMERA);
  const locked: string[] = [];
  const others = [
    await store(OTHER_CAMERA, begun, { homeId: OTHER_HOME }),
    await store(OTHER_CAMERA, begun + 10_000, { homeId: OTHER_HOME }),
  ];
  let most = 0;
  for (let turn = 0; turn < 26; turn += 1) {
    for (const deviceId of cameras) {
      const id = await store(deviceId, clock.now());
      if (deviceId === CAMERA && (turn === 2 || turn === 7)) locked.push((await service.library.setLocked(proof, id, true)).id);
      await service.settled();
      most = Math.max(most, await bytesOnDisk());
    }
    await clock.advance(10_000);
  }
  assert.ok(most <= totalBytes + MEGABYTE, `at most ${most} bytes`);
  assert.ok(most >= 0.8 * totalBytes, 'the room there is was used');
  for (const deviceId of cameras) {
    const kept = await stored(deviceId);
    const free = kept.filter((segment) => segment.locked === 0).map(({ at }) => at);
    assert.equal(free.at(-1), begun + 250_000, 'the newest is there');
    assert.deepEqual(
      free,
      free.map((_, index) => (free[0] ?? 0) + index * 10_000),
      'no hole between what is kept',
    );
  }
  const ids = (await stored(CAMERA)).map(({ id }) => id);
  assert.ok(locked.every((id) => ids.includes(id)));
  assert.deepEqual(
    (await stored(OTHER_CAMERA)).map(({ id }) => id),
    others,
    'another home loses nothing',
  );
  const view = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  const { spans } = await service.timelines.timeline(view, { from: begun, to: clock.now() });
  assert.deepEqual(new Set(spans.filter(({ kind }: TimelineSpan) => kind === 'gap').map(({ reason }) => reason)), new Set(['expired']));
  assert.equal(
    spans.reduce((sum, { from, to }) => sum + to - from, 0),
    260_000,
  );
  assert.equal((await service.fsck({ deep: false })).differences, 0);
});

test('a home that records is told of a full volume within ten seconds, also between two announcements', async () => {
  await begin();
  freeBytes = 50 * MEGABYTE;
  await store(CAMERA, NOON);
  freeBytes = 1 * MEGABYTE;
  for (let passed = 0; passed < 10; passed += 1) await clock.advance(1_000);
  assert.deepEqual(full, [HOME]);
});

test('a volume without room refuses what it cannot take, tells the home once, and records again as soon as there is room', async () => {
  await begin();
  freeBytes = 1 * MEGABYTE;
  const refused = await store(CAMERA, NOON).catch((error: unknown) => error);
  assert.ok(hasStatus(refused, 'NO_CAPACITY') && refused.retryAfterMs === 3_000);
  await assert.rejects(store(CAMERA, NOON + 10_000), { status: 'NO_CAPACITY' });
  assert.deepEqual(full, [HOME]);
  freeBytes = 50 * MEGABYTE;
  await clock.advance(3_000);
  const proof = await bench.authorizer.device(OWNER, 'control', CAMERA);
  for (let at = 20_000; at < 120_000; at += 10_000) await service.library.setLocked(proof, await store(CAMERA, NOON + at), true);
  // Nothing can be removed, and what is left is for what matters.
  freeBytes = 5.3 * MEGABYTE;
  await clock.advance(1_000);
  await assert.rejects(store(CAMERA, NOON + 120_000), { status: 'NO_CAPACITY' });
  await store(CAMERA, NOON + 120_000, { kind: 'event' });
  freeBytes = 20 * MEGABYTE;
  await clock.advance(1_000);
  await store(CAMERA, NOON + 130_000);
});

test('recordings go when they are as old as their camera or their home says', async () => {
  await addCamera(SECOND_CAMERA);
  await begin();
  const [home, camera] = [await bench.authorizer.home(OWNER, 'manage', HOME), await bench.authorizer.device(OWNER, 'manage', CAMERA)];
  for (const deviceId of [CAMERA, SECOND_CAMERA]) for (const days of [1, 3, 5]) await store(deviceId, NOON - days * DAY_MS);
  await service.storage.changeHome(home, { days: 4 });
  assert.deepEqual(await service.storage.changeCamera(camera, { days: 2 }), {
    ...{ mode: 'continuous', streams: 'all', days: 2, cameraDecides: ['mode', 'streams'] },
  });
  await untilStored(CAMERA, 1);
  await untilStored(SECOND_CAMERA, 2);
  await settle();
  assert.deepEqual([(await stored(CAMERA)).length, (await stored(SECOND_CAMERA)).length], [1, 2]);
  assert.deepEqual(await service.storage.changeCamera(camera, { days: null }), {
    ...{ mode: 'continuous', streams: 'all', days: 4, cameraDecides: ['mode', 'streams'] },
  });
});

test('a home keeps to its quota whatever its cameras store, and sees how far back that reaches', async () => {
  await begin();
  const home = await bench.authorizer.home(OWNER, 'manage', HOME);
  await service.storage.changeHome(home, { quotaBytes: 3 * MEGABYTE });
  for (let turn = 0; turn < 6; turn += 1) {
    await store(CAMERA, clock.now());
    await clock.advance(10_000);
    await service.settled();
  }
  assert.deepEqual(
    (await stored(CAMERA)).map(({ at }) => at),
    [NOON + 30_000, NOON + 40_000, NOON + 50_000],
  );
  const use = await service.storage.use(await bench.authorizer.home(OWNER, 'view.recordings', HOME));
  assert.deepEqual([use.usedBytes, use.freeBytes, use.oldestAt, use.retention.quotaBytes], [3_000_000, 0, NOON + 30_000, 3_000_000]);
  assert.equal(use.daysToFull, 0);
});

test('whoever may see one camera of a home learns nothing of the others from how much is stored', async () => {
  await addCamera(SECOND_CAMERA);
  await begin();
  for (const deviceId of [CAMERA, SECOND_CAMERA]) await store(deviceId, NOON);
  const devicesFor = async (devices: readonly string[]): Promise<readonly string[]> => {
    const principal = { ...OWNER, within: { actions: ['view.recordings'] as const, devices } };
    const use = await service.storage.use(await bench.authorizer.home(principal, 'view.recordings', HOME));
    return use.devices.map(({ deviceId }) => deviceId);
  };
  assert.deepEqual(await devicesFor([CAMERA]), [CAMERA]);
  assert.deepEqual((await devicesFor(['*'])).length, 2);
});

test('a home that keeps events alone refuses the rest, keeps what it has, and misses nothing', async () => {
  await begin();
  await store(CAMERA, NOON - 60_000);
  await store(CAMERA, NOON - 60_000, { kind: 'event' });
  const camera = await bench.authorizer.device(OWNER, 'manage', CAMERA);
  await service.storage.changeCamera(camera, { mode: 'event' });
  await assert.rejects(store(CAMERA, NOON), { status: 'NO_STORAGE_PLAN' });
  await store(CAMERA, NOON, { kind: 'event' });
  await service.ledger.set({ homeId: HOME, deviceId: CAMERA, channel: 1 }, 'policy', 'continuous', NOON - 600_000);
  await clock.advance(300_000);
  const view = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  const { spans } = await service.timelines.timeline(view, { from: NOON + 10_000, to: clock.now() });
  assert.deepEqual(spans, []);
  await service.storage.changeCamera(camera, { mode: 'off' });
  await service.settled();
  assert.equal((await stored(CAMERA)).length, 3);
  await assert.rejects(store(CAMERA, NOON + 20_000, { kind: 'event' }), { status: 'NO_STORAGE_PLAN' });
});

test('when a camera leaves its home everything of it goes, locked or not, and nothing of others', async () => {
  await begin();
  const id = await store(CAMERA, NOON);
  await service.library.setLocked(await bench.authorizer.device(OWNER, 'control', CAMERA), id, true);
  await service.ledger.set({ homeId: HOME, deviceId: CAMERA, channel: 1 }, 'policy', 'continuous');
  await store(OTHER_CAMERA, NOON, { homeId: OTHER_HOME });
  await bench.db.updateTable('device').set({ home_id: null, binding_epoch: 2 }).where('id', '=', CAMERA).execute();
  bench.bus.publish({ type: 'revoked', scope: 'device', id: CAMERA });
  await untilStored(CAMERA, 0);
  await service.settled();
  assert.equal(await bytesOnDisk(), MEGABYTE);
  assert.deepEqual(await bench.db.selectFrom('recording_fact').select('at').execute(), []);
  const view = await bench.authorizer.device(STRANGER, 'view.recordings', OTHER_CAMERA);
  assert.equal((await service.library.segments(view)).items.length, 1);
});

test('events are kept for longer than the rest, or for less', async () => {
  await begin();
  const camera = await bench.authorizer.device(OWNER, 'manage', CAMERA);
  for (const days of [5, 3, 1]) {
    await store(CAMERA, NOON - days * DAY_MS);
    await store(CAMERA, NOON - days * DAY_MS, { kind: 'event' });
  }
  await service.storage.changeCamera(camera, { days: 2, eventDays: 4 });
  await untilStored(CAMERA, 3);
  await settle();
  const kinds = async (): Promise<readonly string[]> => {
    const rows = await bench.db
      .selectFrom('segment')
      .select(['kind', 'start_at'])
      .where('state', '=', 'stored')
      .orderBy('start_at')
      .execute();
    return rows.map(({ kind, start_at: at }) => `${kind} ${(NOON - at) / DAY_MS}`).toSorted();
  };
  assert.deepEqual(await kinds(), ['continuous 1', 'event 1', 'event 3']);
  await service.storage.changeCamera(camera, { days: 10, eventDays: 2 });
  await untilStored(CAMERA, 2);
  await settle();
  assert.deepEqual(await kinds(), ['continuous 1', 'event 1']);
});

test('outside the hours of a camera is neither video nor gap, within them both, also while it is away and on the day clocks change', async () => {
  await begin();
  const sunday = Date.parse('2026-03-29T00:00:00Z');
  clock.jump(sunday - 12 * 3_600_000 - clock.now());
  await bench.db.updateTable('home').set({ timezone: 'Europe/Berlin' }).where('id', '=', HOME).execute();
  const camera = await bench.authorizer.device(OWNER, 'manage', CAMERA);
  const schedule = [{ days: [7], from: '00:00', to: '04:00' }];
  assert.deepEqual(await service.storage.changeCamera(camera, { mode: 'continuous', schedule }), {
    mode: 'continuous',
    schedule,
    streams: 'all',
    days: 30,
    cameraDecides: ['streams'],
    pending: true,
  });
  await service.ledger.set({ homeId: HOME, deviceId: CAMERA, channel: 0 }, 'presence', 'offline');
  await clock.advance(24 * 3_600_000);
  const view = await bench.authorizer.device(OWNER, 'view.recordings', CAMERA);
  const { spans, coverage } = await service.timelines.timeline(view, { from: sunday - 6 * 3_600_000, to: sunday + 6 * 3_600_000 });
  // From midnight in Berlin to four o'clock there, which is three hours of a night that lost one.
  const night = { from: sunday - 3_600_000, to: sunday + 2 * 3_600_000 };
  assert.deepEqual(spans, [{ ...night, kind: 'gap', cause: 'network', reason: 'offline' }]);
  assert.equal(coverage, 0);
});

test('what is said for a home holds for its cameras, and taking it away leaves them as they are', async () => {
  await begin();
  const told: (readonly string[])[] = [];
  const again = new VideoService({ ...bench.options, onWish: (ids) => void told.push(ids) });
  const home = await bench.authorizer.home(OWNER, 'manage', HOME);
  await again.storage.changeHome(home, { days: 7 });
  assert.deepEqual(told, []);
  await again.storage.changeHome(home, { mode: 'event' });
  assert.deepEqual(told, [[CAMERA]]);
  assert.deepEqual(await again.wishes.of({ homeId: HOME, deviceId: CAMERA }), { mode: 'event' });
  await again.wishes.applied({ homeId: HOME, deviceId: CAMERA }, { mode: 'event' });
  await again.storage.changeHome(home, { mode: null });
  assert.deepEqual(await again.wishes.of({ homeId: HOME, deviceId: CAMERA }), {});
});
