import type { IncomingMessage } from 'node:http';
import type { Clock } from '@cardea/core';

const LINGER_MS = 5_000;

/** Lets the rest of a refused body run out, so that the answer is not lost with the connection; one that does not end is cut off. */
export function drainBody(request: IncomingMessage, clock: Clock): void {
  if (request.complete || request.destroyed) return;
  const timer = clock.setTimer(LINGER_MS, () => request.destroy());
  request.once('close', () => timer[Symbol.dispose]());
  request.resume();
}
