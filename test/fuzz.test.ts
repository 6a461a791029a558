import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import fc from 'fast-check';
import { assertWithinBounds } from './fuzz/bounds.ts';
import { type Corpus, makeCorpus } from './fuzz/corpus.ts';
import { fuzz } from './fuzz/fuzz-run.ts';
import { brokenInputs } from './fuzz/mutation.ts';
import type { FuzzTarget } from './fuzz/samples.ts';
import { createTargets } from './fuzz/targets.ts';
import { seedOfRun } from './support/seeded.ts';

const runsPerTarget = 100;
const inputsPerTarget = 600;

describe('no input, however broken, gets more out of a parser of media than a MediaError', () => {
  let corpus: Corpus;
  let targets: readonly FuzzTarget[];

  before(async () => {
    corpus = await makeCorpus();
    targets = await createTargets(corpus);
  });

  test('every parser takes the samples that its inputs are made of', async () => {
    for (const { name, samples, parse } of targets) {
      assert.ok(samples.length > 0, name);
      for (const sample of samples) {
        try {
          await parse(sample);
        } catch (error) {
          assert.fail(`${name}: ${String(error)}`);
        }
      }
    }
  });

  test('a few inputs each, made small again where one fails', async () => {
    for (const target of targets) {
      const property = fc.asyncProperty(brokenInputs(target.samples), (input) => assertWithinBounds(target, input));
      const { failed, counterexample, errorInstance } = await fc.check(property, { numRuns: runsPerTarget, seed: seedOfRun() });
      assert.ok(!failed, `${target.name}: ${String(errorInstance)} for ${Buffer.from(counterexample?.[0] ?? []).toString('hex')}`);
    }
  });

  test('many more in a thread with little memory', async () => {
    const results = await fuzz({ corpus, inputs: inputsPerTarget, seed: seedOfRun() });
    assert.deepEqual(
      targets.map(({ name }) => results.get(name)),
      targets.map(({ name }) => ({ name, failure: undefined })),
    );
  });
});
