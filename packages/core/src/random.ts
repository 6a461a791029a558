import { randomBytes } from 'node:crypto';
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

export function createRandom(clock: Clock): Random {
  const fraction = (): number => randomBytes(4).readUInt32BE() / 2 ** 32;
  const next = monotonicFactory(fraction);
  return { fraction, bytes: (length) => new Uint8Array(randomBytes(length)), ulid: () => next(clock.now()) };
}
