import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hasStatus, sleep, VirtualClock } from '@cardea/core';
import type { SegmentKind } from '@cardea/protocol';
import { DirectoryObjectStore } from '../store/objects/directory-object-store.ts';
import type { ObjectStoreParts } from '../store/objects/open-object-store.ts';
import type { ObjectStore } from '../store/ports.ts';
import { makeSegments } from './fixtures/segment-maker.ts';
import { sourceOf } from './fixtures/source-of.ts';
import { addCamera, HOME, openBench } from './fixtures/video-bench.ts';
import { reportOf, segmentRequest } from './fixtures/vr-client.ts';
import { UploadCredits } from './upload-credits.ts';

const NOON = 1_767_268_800_000;
const CAMERAS = 24;
const SLOW_MS = 6_000;

let directory: string;
let film: Uint8Array;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-credits-'));
  const [first] = await makeSegments(directory, { seconds: 1 });
  assert.ok(first);
  film = first;
});

after(async () => {
  await rm(directory, { recursive: true });
});

/** Time passes no faster than the disk follows. */
async function pass(clock: VirtualClock, ms: number): Promise<void> {
  await clock.advance(ms);
  const isAtDisk = (): boolean => process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'));
  for (let turn = 0; turn < 20 || isAtDisk(); turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

function slowed(store: ObjectStore, delay: () => Promise<void>): ObjectStore {
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'commit') {
        return async (...args: Parameters<ObjectStore['commit']>): Promise<void> => {
          await delay();
          await target.commit(...args);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

test('while the store is slow few segments are let in, events before what was kept back, none is lost, and later it is as before', async () => {
  const clock = new VirtualClock(NOON);
  let slow = true;
  const openObjects = (parts: ObjectStoreParts): ObjectStore =>
    slowed(new DirectoryObjectStore({ root: join(directory, 'objects'), ...parts }), async () => {
      if (slow) await sleep(clock, SLOW_MS);
    });
  await using bench = await openBench({ directory: join(directory, 'data'), clock, openObjects });
  const { intake } = bench.service;
  await bench.service.start();
  const cameras = await Promise.all(Array.from({ length: CAMERAS }, (_, number) => addCamera(bench.db, number)));
  const refused: Record<SegmentKind, number> = { continuous: 0, event: 0, manual: 0, backfill: 0 };
  let stored = 0;

  /** As a device does: what is refused is offered again. */
  const store = async (deviceId: string, startAt: number, kind: SegmentKind): Promise<void> => {
    const device = { deviceId, homeId: HOME, epoch: 1 };
    const { segment } = await intake.create(device, { ...segmentRequest(bench.random.ulid(), startAt), kind });
    const query = new URL(segment.upload.url).searchParams;
    for (;;) {
      try {
        const source = sourceOf(film);
        await intake.upload(segment.segmentId, query, { source, declaredBytes: film.length, progress: () => 0 });
        break;
      } catch (error) {
        if (!hasStatus(error, 'LIMIT_EXCEEDED')) throw error;
        refused[kind] += 1;
        await sleep(clock, 1_000);
      }
    }
    await intake.confirm(device, segment.segmentId, reportOf(film, startAt));
    stored += 1;
  };
  const round = async (number: number): Promise<void> => {
    const kinds = (['event', 'continuous', 'backfill'] as const).map((kind, index) => ({
      kind,
      startAt: NOON - (number * 3 + index + 1) * 60_000,
    }));
    let ended = false;
    const all = Promise.all(cameras.flatMap((id) => kinds.map(({ kind, startAt }) => store(id, startAt, kind)))).finally(() => {
      ended = true;
    });
    while (!ended) await pass(clock, 100);
    await all;
  };

  await round(0);
  for (const kind of ['event', 'continuous', 'backfill'] as const) refused[kind] = 0;
  await round(1);
  assert.equal(stored, CAMERAS * 3 * 2);
  assert.ok(refused.backfill > refused.continuous && refused.continuous > refused.event, JSON.stringify(refused));
  slow = false;
  await clock.advance(60_000);
  await round(2);
  assert.equal(stored, CAMERAS * 3 * 3);
  const rows = await bench.db.selectFrom('segment').select('id').where('state', '=', 'stored').execute();
  assert.equal(rows.length, stored);
});

test('tickets for a bucket are never short while it keeps up, and while it does not as many are out as come through', async () => {
  const clock = new VirtualClock();
  const credits = new UploadCredits(clock);
  for (let ticket = 0; ticket < 3_000; ticket += 1) {
    credits.assertTicketFree('backfill');
    credits.issued(`segment ${ticket}`);
  }
  for (let commit = 0; commit < 4; commit += 1) {
    await clock.advance(1_000);
    credits.committed(SLOW_MS);
  }
  assert.equal(credits.granted, 512);
  assert.throws(() => credits.assertTicketFree('event'), { status: 'LIMIT_EXCEEDED' });
  for (let ticket = 0; ticket < 2_600; ticket += 1) credits.arrived(`segment ${ticket}`);
  credits.assertTicketFree('event');
  assert.throws(() => credits.assertTicketFree('continuous'), { status: 'LIMIT_EXCEEDED' });
  // What was never confirmed ends with its ticket.
  for (let commit = 0; commit < 60 * 15; commit += 1) {
    credits.committed(SLOW_MS);
    await clock.advance(1_000);
  }
  assert.equal(credits.granted, 16);
  credits.assertTicketFree('backfill');
});

test('credits fall by half of what is under way, never to none, and rise again when nothing is slow', async () => {
  const clock = new VirtualClock();
  const credits = new UploadCredits(clock);
  const held = Array.from({ length: 100 }, () => credits.hold());
  assert.equal(credits.scarce, false);
  for (let commit = 0; commit < 4; commit += 1) {
    await clock.advance(1_000);
    credits.committed(SLOW_MS);
  }
  assert.equal(credits.granted, 50);
  assert.throws(() => credits.assertFree('event'), { status: 'LIMIT_EXCEEDED' });
  for (let commit = 0; commit < 20; commit += 1) {
    await clock.advance(1_000);
    credits.committed(SLOW_MS);
  }
  assert.equal(credits.granted, 16);
  for (const one of held.slice(12)) one[Symbol.dispose]();
  credits.assertFree('event');
  for (const kind of ['continuous', 'backfill'] as const) assert.throws(() => credits.assertFree(kind), { status: 'LIMIT_EXCEEDED' });
  for (let commit = 0; commit < 40; commit += 1) credits.committed(10);
  await clock.advance(5_000);
  assert.equal(credits.granted, 24);
  await clock.advance(60_000);
  assert.equal(credits.scarce, false);
});
