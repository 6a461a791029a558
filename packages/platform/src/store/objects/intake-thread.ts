import { createHash, type Hash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { systemCodeOf } from '../durable-file.ts';

/** What the pool asks of a thread, in order for each intake: to take chunks, with `last` set the last of them, or to forget the intake. */
export type IntakeOrder = TakeOrder | { readonly intake: number; readonly abandoned: true };

interface TakeOrder {
  readonly intake: number;
  /** The memory is the thread's from now on. */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
  readonly last: boolean;
  readonly file: number | undefined;
}

/** Sent for each order to take chunks once the thread has. */
export interface IntakeReport {
  readonly intake: number;
  /** Of all chunks, lower-case hex; with the last. */
  readonly sha256?: string;
  /** They could not be written. */
  readonly failure?: { readonly code: string | undefined; readonly message: string };
}

const running = new Map<number, Hash>();

parentPort?.on('message', (order: IntakeOrder) => {
  if ('abandoned' in order) running.delete(order.intake);
  else parentPort?.postMessage(take(order));
});

function take({ intake, chunks, last, file }: TakeOrder): IntakeReport {
  const hash = running.get(intake) ?? createHash('sha256');
  running.set(intake, hash);
  try {
    for (const chunk of chunks) {
      hash.update(chunk);
      if (file !== undefined) writeAll(file, chunk);
      // Frees it at once: the collector would let megabytes gather.
      chunk.buffer.transfer(0);
    }
  } catch (error) {
    return { intake, failure: { code: systemCodeOf(error), message: String(error) } };
  }
  if (!last) return { intake };
  running.delete(intake);
  return { intake, sha256: hash.digest('hex') };
}

/** A write may take fewer bytes than it was given. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}
