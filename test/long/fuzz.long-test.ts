import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCorpus } from '../fuzz/corpus.ts';
import { fuzz } from '../fuzz/fuzz-run.ts';
import { seedOfRun } from '../support/seeded.ts';

/** For each of some thirty parsers. */
const inputsPerTarget = Number(process.env.FUZZ_INPUTS ?? 30_000);

test('parsers of media stay within their bounds for as many broken inputs as there is time for', async () => {
  const results = await fuzz({ corpus: await makeCorpus(), inputs: inputsPerTarget, seed: seedOfRun() });
  assert.deepEqual(
    [...results.values()].filter(({ failure }) => failure !== undefined),
    [],
  );
});
