import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';

/** What the pool asks of a thread, in order for each digest. */
export type DigestOrder =
  | { readonly digest: number; readonly block: Uint8Array }
  | { readonly digest: number; readonly end: 'finish' | 'abandon' };

/** Sent for each block once it is hashed, and for each finished digest; lower-case hex. */
export type DigestReport = { readonly digest: number; readonly sha256?: string };

const running = new Map<number, Hash>();

parentPort?.on('message', (order: DigestOrder) => {
  const hash = running.get(order.digest) ?? createHash('sha256');
  if ('block' in order) {
    running.set(order.digest, hash.update(order.block));
    report({ digest: order.digest });
    return;
  }
  running.delete(order.digest);
  if (order.end === 'finish') report({ digest: order.digest, sha256: hash.digest('hex') });
});

function report(message: DigestReport): void {
  parentPort?.postMessage(message);
}
