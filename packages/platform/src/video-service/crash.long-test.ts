import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { type CrashRunOptions, runCrashes } from './fixtures/crash-run.ts';
import { buildPowerCut } from './fixtures/power-cut.ts';
import { makeSegments } from './fixtures/segment-maker.ts';

/** Between two of them the data begin anew, so that looking through them stays quick. */
const ROUNDS = 25;
const RUNS = 20;
const READY_WITHIN_MS = 10_000;

let directory: string;
let media: readonly Uint8Array[];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-crash-'));
  media = await makeSegments(directory, { seconds: 4 });
});

after(async () => {
  await rm(directory, { recursive: true });
});

async function runAll(context: TestContext, options: Pick<CrashRunOptions, 'library'>): Promise<void> {
  for (let run = 0; run < RUNS; run += 1) {
    const report = await runCrashes({ directory: join(directory, `run-${run}`), media, rounds: ROUNDS, ...options });
    context.diagnostic(JSON.stringify(report));
    assert.ok(report.confirmed > 0);
    assert.ok(report.slowestStartMs <= READY_WITHIN_MS, `ready after ${report.slowestStartMs} ms`);
    await rm(join(directory, `run-${run}`), { recursive: true });
  }
}

test('five hundred power cuts lose no confirmed segment, and each time the server is back within ten seconds', async (context) => {
  await runAll(context, { library: await buildPowerCut(directory) });
});

test('five hundred kills lose no confirmed segment, and each time the server is back within ten seconds', async (context) => {
  await runAll(context, {});
});
