import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runCrashes } from './fixtures/crash-run.ts';
import { buildPowerCut } from './fixtures/power-cut.ts';
import { makeSegments } from './fixtures/segment-maker.ts';

let directory: string;
let media: readonly Uint8Array[];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-crash-'));
  media = await makeSegments(directory, { seconds: 4 });
});

after(async () => {
  await rm(directory, { recursive: true });
});

test('a server that loses its power while twenty cameras store loses no confirmed segment', async (context) => {
  const library = await buildPowerCut(directory);
  const report = await runCrashes({ directory: join(directory, 'cut'), media, rounds: 3, library });
  context.diagnostic(JSON.stringify(report));
  assert.ok(report.confirmed > 0);
});

test('a server that is killed while twenty cameras store loses no confirmed segment', async (context) => {
  const report = await runCrashes({ directory: join(directory, 'killed'), media, rounds: 3 });
  context.diagnostic(JSON.stringify(report));
  assert.ok(report.confirmed > 0);
});
