import { parentPort, workerData } from 'node:worker_threads';
import { seeded } from '../support/seeded.ts';
import { assertWithinBounds } from './bounds.ts';
import type { FuzzJob, FuzzResult } from './fuzz-run.ts';
import { brokenInput } from './mutation.ts';
import type { FuzzTarget } from './samples.ts';
import { createTargets } from './targets.ts';

/** Feeds every target in turn; where it stands is in `progress`, so that somebody else sees it hang. */
const { corpus, inputs, seed, progress } = workerData as FuzzJob;

for (const [index, target] of (await createTargets(corpus)).entries()) {
  progress[0] = index;
  parentPort?.postMessage({ name: target.name, failure: await failureOf(target) } satisfies FuzzResult);
}

async function failureOf(target: FuzzTarget): Promise<string | undefined> {
  for (let number = 0; number < inputs; number += 1) {
    progress[1] = number;
    const input = brokenInput(target.samples, seeded(seed + number));
    try {
      await assertWithinBounds(target, input);
    } catch (error) {
      return `input ${number} of SEED=${seed}: ${String(error)}\n${Buffer.from(input.subarray(0, 2_000)).toString('hex')}`;
    }
  }
  return undefined;
}
