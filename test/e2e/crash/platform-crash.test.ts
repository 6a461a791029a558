import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { seeded, seedOfRun } from '../../support/seeded.ts';
import { makeCrashParts } from './crash-parts.ts';
import { runCuts, runKills } from './platform-crashes.ts';

const KILLS = 20;
const CUTS = 20;
const CUTS_OF_PROCESS = 5;
const READY_WITHIN_MS = 10_000;
const seed = seedOfRun();

let directory: string;
let parts: Awaited<ReturnType<typeof makeCrashParts>>;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-crash-'));
  parts = await makeCrashParts(directory);
});

after(async () => {
  await rm(directory, { recursive: true });
});

test(`killed ${KILLS} times while twenty cameras store or it recovers, the video service loses no confirmed segment`, async (context) => {
  const report = await runKills({ ...parts, directory: join(directory, 'killed'), points: KILLS, fraction: seeded(seed) });
  context.diagnostic(`${JSON.stringify(report)}, SEED=${seed}`);
  assert.ok(report.confirmed > KILLS);
  assert.ok(report.slowestStartMs <= READY_WITHIN_MS, `ready after ${report.slowestStartMs} ms`);
});

test(`its power cut ${CUTS} times while twenty cameras store or it recovers, the video service loses no confirmed segment`, async (context) => {
  const points = { points: CUTS, pointsOfProcess: CUTS_OF_PROCESS };
  const report = await runCuts({ ...parts, ...points, directory: join(directory, 'cut'), fraction: seeded(seed + 1) });
  context.diagnostic(`${JSON.stringify(report)}, SEED=${seed}`);
  assert.ok(report.confirmed > 0);
  assert.ok(report.slowestStartMs <= READY_WITHIN_MS, `ready after ${report.slowestStartMs} ms`);
});
