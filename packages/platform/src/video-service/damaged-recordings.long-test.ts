import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRandom, SystemClock } from '@cardea/core';
import { assertDamageIsTold } from './fixtures/damage-trial.ts';

const FILES = 1_000;

test(`one byte changed in each of ${FILES} recordings: all are found, none is served as good, each is a gap`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-damage-'));
  t.after(() => rm(directory, { recursive: true }));
  const random = createRandom(new SystemClock());
  await assertDamageIsTold(directory, { count: FILES, gone: 0, placeOf: () => random.fraction() });
});
