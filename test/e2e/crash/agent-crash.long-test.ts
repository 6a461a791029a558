import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { seeded, seedOfRun } from '../../support/seeded.ts';
import { cutAgent, killAgent } from './agent-crashes.ts';
import { buildPowerCut } from './power-cut.ts';

const KILLS = 200;
const LIVES = 5;
const CUTS_OF_LIFE = 200;
const seed = seedOfRun();

test(`killed ${KILLS} times, the disk of a recording device is readable each time and misses at most a fragment`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-agent-'));
  t.after(() => rm(directory, { recursive: true }));
  t.diagnostic(`SEED=${seed}`);
  const library = await buildPowerCut(directory);
  await killAgent({ directory: join(directory, 'killed'), library, points: KILLS, fraction: seeded(seed) });
});

test(`killed or without power at ${LIVES * CUTS_OF_LIFE} moments, the disk is readable each time and misses at most a fragment`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-agent-'));
  t.after(() => rm(directory, { recursive: true }));
  t.diagnostic(`SEED=${seed}`);
  const library = await buildPowerCut(directory);
  for (let life = 0; life < LIVES; life += 1) {
    await cutAgent({ directory: join(directory, `life-${life}`), library, points: CUTS_OF_LIFE, fraction: seeded(seed + life) });
  }
});
