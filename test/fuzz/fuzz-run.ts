import { Worker } from 'node:worker_threads';
import type { Corpus } from './corpus.ts';

export interface FuzzJob {
  readonly corpus: Corpus;
  /** For every target. */
  readonly inputs: number;
  readonly seed: number;
  /** Number of the target and of the input that it is at. */
  readonly progress: Int32Array;
}

export interface FuzzResult {
  readonly name: string;
  /** `undefined` when every input was taken. */
  readonly failure: string | undefined;
}

const lookEveryMs = 5_000;
/** The same input at so many looks in a row is one that never ends, on the slowest machine. */
const looksUntilHung = 6;

/** Feeds all targets in a thread with little memory. A thread that hangs or runs out of memory is a failure of the target it was at. */
export async function fuzz(job: Omit<FuzzJob, 'progress'>): Promise<ReadonlyMap<string, FuzzResult>> {
  const progress = new Int32Array(new SharedArrayBuffer(8));
  const results = new Map<string, FuzzResult>();
  const worker = new Worker(new URL('fuzz-worker.ts', import.meta.url), {
    workerData: { ...job, progress } satisfies FuzzJob,
    resourceLimits: { maxOldGenerationSizeMb: 192 },
  });
  worker.on('message', (result: FuzzResult) => results.set(result.name, result));
  let [before, looks] = ['', 0];
  const watch = setInterval(() => {
    const at = progress.join('/');
    looks = at === before ? looks + 1 : 0;
    before = at;
    if (looks >= looksUntilHung) void worker.terminate();
  }, lookEveryMs);
  const died = await new Promise<string | undefined>((resolve) => {
    worker.once('error', (error) => resolve(String(error)));
    worker.once('exit', (code) => resolve(code === 0 ? undefined : 'it never ended'));
  });
  clearInterval(watch);
  if (died !== undefined) {
    const [target = 0, number = 0] = progress;
    throw new Error(`target ${target}, input ${number} of SEED=${job.seed}: ${died}`);
  }
  return results;
}
