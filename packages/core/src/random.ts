import { randomBytes, randomFillSync } from 'node:crypto';
import { monotonicFactory } from 'ulid';
import type { Clock } from './clock.ts';

/** Randomness as a dependency, so that a test can repeat a run. */
export interface Random {
  /** Uniform in 0..1, 1 excluded. Not for secrets. */
  fraction(): number;
  /** Unpredictable bytes. */
  bytes(length: number): Uint8Array;
  /** A ULID: 48 bits of wall time, 80 random bits, rising within one process. */
  ulid(): string;
}

const DRAWN_AT_ONCE = 256;

export function createRandom(clock: Clock): Random {
  // One draw from the system costs as much as many numbers do.
  const drawn = new Uint32Array(DRAWN_AT_ONCE);
  let used = DRAWN_AT_ONCE;
  const fraction = (): number => {
    if (used === DRAWN_AT_ONCE) {
      randomFillSync(drawn);
      used = 0;
    }
    return (drawn[used++] ?? 0) / 2 ** 32;
  };
  const next = monotonicFactory(fraction);
  return { fraction, bytes: (length) => new Uint8Array(randomBytes(length)), ulid: () => next(clock.now()) };
}
