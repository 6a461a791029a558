import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkSegmentModel } from './fixtures/segment-model.ts';

test('whatever devices, users, races and restarts do, segments follow the rules of Vr and catalogue and files agree', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-model-'));
  await checkSegmentModel({ directory, sequences: 100 });
  await rm(directory, { recursive: true });
});
