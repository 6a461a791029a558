import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertDamageIsTold } from './fixtures/damage-trial.ts';

test('recordings of which one byte changed on the disk, and those that are gone, are found, never served as good, and told as gaps', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-damage-'));
  t.after(() => rm(directory, { recursive: true }));
  await assertDamageIsTold(directory, { count: 20, gone: 4, placeOf: (index) => index / 20 });
});
