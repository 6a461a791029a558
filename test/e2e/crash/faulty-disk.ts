import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { glob, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { createRandom, SystemClock } from '@cardea/core';
import { makeSegments } from '../../../packages/platform/src/video-service/fixtures/segment-maker.ts';
import { startServer } from '../../../packages/platform/src/video-service/fixtures/server-process.ts';
import { accountOf } from '../../../packages/platform/src/video-service/fixtures/stored-account.ts';
import { openBench } from '../../../packages/platform/src/video-service/fixtures/video-bench.ts';
import { reportOf, segmentRequest, sha256Of, type VrClient } from '../../../packages/platform/src/video-service/fixtures/vr-client.ts';
import { seedOfRun } from '../../support/seeded.ts';
import { makeServer } from './crash-parts.ts';

interface FaultRunOptions {
  /** Made and used by the run; its data begin empty. */
  readonly directory: string;
  readonly media: readonly Uint8Array[];
  /** Program of the server. */
  readonly program: string;
  /** What `buildFaultyDisk` built. */
  readonly library: string;
  /** How many cameras try to store, whatever becomes of them. */
  readonly segments: number;
  readonly every: FaultChances;
  readonly seed: number;
}

/** One sync, and one write, in so many fails. */
export interface FaultChances {
  readonly sync: number;
  readonly write: number;
}

interface FaultReport {
  readonly tried: number;
  readonly confirmed: number;
  /** Times the store took nothing more, and the process was started anew. */
  readonly restarts: number;
}

/** Segments that are brought at once. */
const AT_ONCE = 4;
/** So many failures one after the other mean that the store takes nothing more. */
const FAILURES_TO_RESTART = 8;
const SEGMENT_MS = 2_000;
const clock = new SystemClock();
const random = createRandom(clock);

/** Lets `segments` be stored on a disk that fails by chance. What was confirmed is there in the end, and not all was. */
export async function assertNoFalseConfirmation(t: TestContext, segments: number, every: FaultChances): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-faulty-'));
  t.after(() => rm(directory, { recursive: true }));
  const [media, program, library] = await Promise.all([
    makeSegments(directory, { seconds: 2 }),
    makeServer(directory),
    buildFaultyDisk(directory),
  ]);
  const seed = seedOfRun();
  const report = await runFaults({ directory: join(directory, 'data'), media, program, library, segments, every, seed });
  t.diagnostic(`${JSON.stringify(report)}, SEED=${seed}`);
  assert.ok(report.confirmed > 0 && report.confirmed < report.tried, 'some failed, and some did not');
}

/** Builds the library that lets the disk of a process fail. @returns its path */
async function buildFaultyDisk(directory: string): Promise<string> {
  const library = join(directory, 'faulty-disk.so');
  await promisify(execFile)('gcc', ['-shared', '-fPIC', '-O2', '-o', library, join(import.meta.dirname, 'faulty-disk.c'), '-ldl']);
  return library;
}

/**
 * Lets cameras store while syncs and writes of the server fail by chance, database included, and starts it anew whenever it takes
 * nothing more. In the end everything it confirmed is there, and catalogue and bytes agree.
 */
async function runFaults({ directory, media, program, library, segments, every, seed }: FaultRunOptions): Promise<FaultReport> {
  const gate = `${directory}.faulty`;
  const lost = `${directory}.lost`;
  const confirmed = new Map<string, string>();
  const begin = clock.now();
  let [tried, restarts] = [0, 0];
  const bringNext = async (client: VrClient): Promise<boolean> => {
    tried += 1;
    const bytes = media[tried % media.length];
    assert.ok(bytes);
    const id = await bring(client, begin - tried * SEGMENT_MS, bytes).catch(() => undefined);
    if (id !== undefined) confirmed.set(id, sha256Of(bytes));
    return id !== undefined;
  };
  while (tried < segments) {
    const chances = { FAULTY_SYNC_EVERY: String(every.sync), FAULTY_WRITE_EVERY: String(every.write) };
    const env = {
      LD_PRELOAD: library,
      FAULTY_ROOT: directory,
      FAULTY_GATE: gate,
      FAULTY_LOST: lost,
      ...chances,
      FAULTY_SEED: String(seed + restarts),
    };
    const server = await startServer(directory, { program, env });
    // The disk works while the process recovers: what is asked is whether it believes a disk that does not.
    await writeFile(gate, '');
    for (let failures = 0; tried < segments && failures < FAILURES_TO_RESTART; ) {
      const outcomes = await Promise.all(Array.from({ length: AT_ONCE }, () => bringNext(server.client)));
      failures = outcomes.includes(true) ? 0 : failures + AT_ONCE;
    }
    await rm(gate);
    await server.kill();
    await loseUnsynced(join(directory, 'objects'), lost);
    restarts += 1;
  }
  await using bench = await openBench({ directory, clock });
  await bench.service.start();
  const { stored, report } = await accountOf(bench);
  for (const [id, sha256] of confirmed) assert.equal(stored[id], sha256, `${id} was confirmed`);
  assert.deepEqual({ differences: report.differences, quarantined: report.quarantined }, { differences: 0, quarantined: 0 });
  return { tried, confirmed: confirmed.size, restarts };
}

/** Empties the files of which a sync failed, whatever they are called by now. */
async function loseUnsynced(objects: string, lost: string): Promise<void> {
  const inodes = new Set((await readFile(lost, 'utf8').catch(() => '')).split('\n'));
  for await (const name of glob('**/{*,.*}.{mp4,part}', { cwd: objects })) {
    const path = join(objects, name);
    if (inodes.has(String((await stat(path)).ino))) await truncate(path);
  }
  await rm(lost, { force: true });
}

/** The id of a segment the server confirmed. */
async function bring(client: VrClient, startAt: number, bytes: Uint8Array): Promise<string | undefined> {
  const created = await client.create(segmentRequest(random.ulid(), startAt));
  const put = await client.put(created, bytes);
  if (put.status !== 201) return undefined;
  const { status } = await client.confirm(created, reportOf(bytes, startAt));
  return status === 200 ? created.segmentId : undefined;
}
