import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { seeded, seedOfRun } from '../../support/seeded.ts';
import { makeCrashParts } from './crash-parts.ts';
import { type CrashReport, runCuts, runKills } from './platform-crashes.ts';

const CRASHES = 1_000;
/** Between two runs the data begin anew, so that looking through them stays quick. */
const POINTS = 25;
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

/** Each run has a seed of its own: that of all and its number. */
async function repeat(context: TestContext, run: (directory: string, fraction: () => number) => Promise<CrashReport>): Promise<void> {
  const total = { runs: 0, points: 0, confirmed: 0, slowestStartMs: 0 };
  try {
    for (; total.points < CRASHES; total.runs += 1) {
      const data = join(directory, 'data');
      const { points, confirmed, slowestStartMs } = await run(data, seeded(seed + total.runs));
      total.points += points;
      total.confirmed += confirmed;
      total.slowestStartMs = Math.max(total.slowestStartMs, slowestStartMs);
      await rm(data, { recursive: true });
    }
  } finally {
    context.diagnostic(`${JSON.stringify(total)}, SEED=${seed}`);
  }
  assert.ok(total.confirmed > CRASHES);
  assert.ok(total.slowestStartMs <= READY_WITHIN_MS, `ready after ${total.slowestStartMs} ms`);
}

test(`${CRASHES} power cuts lose no confirmed segment, and each time the server is back within ten seconds`, async (context) => {
  await repeat(context, async (data, fraction) => {
    const points = { points: POINTS, pointsOfProcess: CUTS_OF_PROCESS };
    return await runCuts({ ...parts, ...points, directory: data, fraction });
  });
});

test(`${CRASHES} kills lose no confirmed segment, and each time the server is back within ten seconds`, async (context) => {
  await repeat(context, (data, fraction) => runKills({ ...parts, directory: data, points: POINTS, fraction }));
});
