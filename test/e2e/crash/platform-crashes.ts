import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom, SystemClock } from '@cardea/core';
import type { CreatedSegment } from '@cardea/protocol';
import {
  killStartingServer,
  type ServerProcess,
  startServer,
} from '../../../packages/platform/src/video-service/fixtures/server-process.ts';
import { accountOf, type StoredAccount } from '../../../packages/platform/src/video-service/fixtures/stored-account.ts';
import { openBench } from '../../../packages/platform/src/video-service/fixtures/video-bench.ts';
import { reportOf, segmentRequest, sha256Of, type VrClient } from '../../../packages/platform/src/video-service/fixtures/vr-client.ts';
import type { Unsynced } from './disk-history.ts';
import { packetsOf } from './played.ts';
import { PowerCut, writeTree } from './power-cut.ts';

const clock = new SystemClock();
const random = createRandom(clock);
const CAMERAS = 20;
/** Of every point, and of a whole run as far as it stored so many. */
const PLAYED_OF_POINT = 3;
/** Longer than a start takes after the process began to open its data, so that some kills come just after it. */
const START_MS = 150;
const HOUR_MS = 3_600_000;
const SEGMENT_MS = 2_000;

interface Confirmed {
  readonly created: CreatedSegment;
  readonly sha256: string;
  /** Moment of the log the answer was here, under a power cut. */
  readonly at: number;
}

export interface CrashRunOptions {
  /** Made and used by the run; its data begin empty. */
  readonly directory: string;
  /** Segments cameras bring, of one second and the same format each. */
  readonly media: readonly Uint8Array[];
  /** Program of the server. */
  readonly program: string;
  /** Crashes, each followed by a look at everything. */
  readonly points: number;
  /** Uniform in 0..1. */
  readonly fraction: () => number;
}

export interface CrashReport {
  readonly points: number;
  /** Segments confirmed before a crash. */
  readonly confirmed: number;
  /** The longest a start on crashed data took, until requests were answered. */
  readonly slowestStartMs: number;
}

/**
 * Lets twenty cameras store as fast as they can, kills the server at a random moment, again and again on the data it left, every fourth
 * time while it recovers. The next process proves after each kill that everything confirmed so far is there, whole and playable.
 */
export async function runKills({ directory, media, program, points, fraction }: CrashRunOptions): Promise<CrashReport> {
  const options = { cameras: CAMERAS, program, fileThreads: 16 };
  const confirmed: Confirmed[] = [];
  let begin = clock.now();
  let slowestStartMs = 0;
  for (let point = 0; point <= points; point += 1) {
    if (point > 0 && point < points && point % 4 === 0) {
      await killStartingServer(directory, fraction() * START_MS, options);
      point += 1;
    }
    const startedMs = clock.monotonicMs();
    const server = await startServer(directory, options);
    if (point > 0) slowestStartMs = Math.max(slowestStartMs, clock.monotonicMs() - startedMs);
    assertKept(await server.account(), confirmed);
    await assertPlayable(directory, confirmed.slice(-PLAYED_OF_POINT));
    begin -= HOUR_MS;
    if (point < points) await storeUntilKilled(server, { media, begin, fraction, answers: 6 * CAMERAS, confirmed, moment: () => 0 });
    else await server.kill();
  }
  await assertPlayable(directory, confirmed);
  return { points, confirmed: confirmed.length, slowestStartMs };
}

export interface CutRunOptions extends CrashRunOptions {
  /** The library that writes down what the server does to its files. */
  readonly library: string;
  /** Cuts that are looked at of the life of one process; the next one begins with what the last of them left. */
  readonly pointsOfProcess: number;
}

/**
 * The same with the power going: what the disk holds at random moments of the life of a server, from the first write of its recovery on,
 * is given to a new one, which has everything confirmed before that moment.
 */
export async function runCuts(options: CutRunOptions): Promise<CrashReport> {
  const { directory, media, program, library, points, pointsOfProcess, fraction } = options;
  await mkdir(directory, { recursive: true });
  let confirmed: readonly Confirmed[] = [];
  let [begin, slowestStartMs, count, looked] = [clock.now(), 0, 0, 0];
  for (let life = 0; looked < points; life += 1) {
    const data = join(directory, `life-${life}`);
    const cut = await PowerCut.over({ root: data, library });
    const startedMs = clock.monotonicMs();
    const server = await startServer(data, { cameras: CAMERAS, program, fileThreads: 16, env: cut.env });
    if (life > 0) slowestStartMs = Math.max(slowestStartMs, clock.monotonicMs() - startedMs);
    begin -= HOUR_MS;
    const stored: Confirmed[] = [];
    const answers = 12 * CAMERAS;
    await storeUntilKilled(server, { media, begin, fraction, answers, confirmed: stored, moment: () => cut.now() });
    const moments = momentsOf(await cut.moments(), Math.min(pointsOfProcess, points - looked), fraction);
    for await (const tree of cut.cuts(moments, fraction)) {
      const { at } = moments[looked % pointsOfProcess] ?? { at: 0 };
      const had = [...confirmed, ...stored.filter((one) => one.at <= at)];
      const copy = join(directory, `look-${looked}`);
      await writeTree(tree, copy);
      await lookAt(copy, had);
      await rm(copy, { recursive: true });
      looked += 1;
      if (looked % pointsOfProcess !== 0) continue;
      await writeTree(tree, join(directory, `life-${life + 1}`));
      confirmed = had;
    }
    count += stored.length;
    await rm(data, { recursive: true });
    await rm(`${data}.log`);
  }
  return { points: looked, confirmed: count, slowestStartMs };
}

const unsynced: readonly Unsynced[] = ['lost', 'torn', 'torn', 'kept'];

function momentsOf(all: readonly number[], count: number, fraction: () => number) {
  const moments = Array.from({ length: count }, () => all[Math.floor(fraction() * all.length)] ?? 0);
  return moments
    .toSorted((one, other) => one - other)
    .map((at) => ({ at, unsynced: unsynced[Math.floor(fraction() * unsynced.length)] ?? 'lost' }));
}

interface Storing {
  readonly media: readonly Uint8Array[];
  /** Before this the segments of the round lie. */
  readonly begin: number;
  readonly fraction: () => number;
  /** The most that are answered before the server is killed. */
  readonly answers: number;
  readonly confirmed: Confirmed[];
  readonly moment: () => number;
}

/** The moment is chosen by the number of requests that were answered, so that a slow machine meets the same moments. */
async function storeUntilKilled(server: ServerProcess, storing: Storing): Promise<void> {
  const { media, begin, fraction, confirmed, moment } = storing;
  let answersLeft = 1 + Math.floor(fraction() * storing.answers);
  const answered = (): void => {
    answersLeft -= 1;
    // A moment later rather than at an answer, where the server may be doing nothing.
    if (answersLeft === 0) clock.setTimer(fraction() * 5, () => void server.kill());
  };
  const camera = async (client: VrClient): Promise<void> => {
    for (let turn = 0; ; turn += 1) {
      const bytes = media[turn % media.length];
      assert.ok(bytes);
      const startAt = begin - turn * SEGMENT_MS;
      const created = await client.create(segmentRequest(random.ulid(), startAt));
      answered();
      assert.equal((await client.put(created, bytes)).status, 201);
      answered();
      const confirmation = await client.confirm(created, reportOf(bytes, startAt));
      const text = await confirmation.text();
      assert.equal(confirmation.status, 200, text);
      confirmed.push({ created, sha256: sha256Of(bytes), at: moment() });
      answered();
    }
  };
  const ends = await Promise.allSettled(server.clients.map(camera));
  // A connection that breaks off is what a crash looks like; any other failure is one.
  for (const end of ends) if (end.status === 'rejected' && end.reason instanceof assert.AssertionError) throw end.reason;
  await server.kill().catch(() => {});
}

/** Recovers what a crash left, in this process. */
async function lookAt(data: string, confirmed: readonly Confirmed[]): Promise<void> {
  await using bench = await openBench({ directory: data, clock });
  await bench.service.start();
  assertKept(await accountOf(bench), confirmed);
  await assertPlayable(data, confirmed.slice(-PLAYED_OF_POINT));
}

function assertKept({ stored, report }: StoredAccount, confirmed: readonly Confirmed[]): void {
  const lost = confirmed.filter(({ created, sha256 }) => stored[created.segmentId] !== sha256);
  assert.deepEqual(lost, []);
  assert.equal(report.stored, Object.keys(stored).length);
  const { differences, quarantined } = report;
  assert.deepEqual({ differences, quarantined }, { differences: 0, quarantined: 0 });
}

/** Of ten pictures each. */
async function assertPlayable(data: string, confirmed: readonly Confirmed[]): Promise<void> {
  if (confirmed.length === 0) return;
  assert.equal(await packetsOf(confirmed.map(({ created }) => join(data, 'objects', created.objectKey))), 10 * confirmed.length);
}
