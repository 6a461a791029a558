import { AppError, type Clock, hasStatus } from '@cardea/core';

export interface FailureLimits {
  readonly maxFailures: number;
  readonly windowMs: number;
}

const MAX_KEYS = 100_000;

/**
 * Slows guessing down: so many failures per key and window, then RATE_LIMITED until the oldest is forgotten.
 * A try counts as failed from its beginning, so that many at once gain nothing. Remembers the 100,000 keys used last.
 */
export class FailureLimiter {
  private readonly failures = new Map<string, readonly number[]>();
  private readonly clock: Clock;
  private readonly limits: FailureLimits;

  constructor(clock: Clock, limits: FailureLimits) {
    this.clock = clock;
    this.limits = limits;
  }

  /** Counts a try. @throws AppError RATE_LIMITED with `retryAfterMs` when there were too many */
  begin(key: string): void {
    const nowMs = this.clock.monotonicMs();
    const recent = this.assertOpen(key);
    this.failures.delete(key);
    this.failures.set(key, [...recent, nowMs]);
    if (this.failures.size > MAX_KEYS) this.forgetOldest();
  }

  /** Counts nothing. Returns when the failures of the window were. @throws AppError RATE_LIMITED, as `begin` */
  assertOpen(key: string): readonly number[] {
    const nowMs = this.clock.monotonicMs();
    const recent = (this.failures.get(key) ?? []).filter((atMs) => nowMs - atMs < this.limits.windowMs);
    const [oldest] = recent;
    if (oldest === undefined || recent.length < this.limits.maxFailures) return recent;
    throw new AppError('RATE_LIMITED', undefined, { retryAfterMs: oldest + this.limits.windowMs - nowMs });
  }

  /** The try begun last was no guess: takes it back. */
  takeBack(key: string): void {
    const left = this.failures.get(key)?.slice(0, -1) ?? [];
    if (left.length === 0) this.failures.delete(key);
    else this.failures.set(key, left);
  }

  /** The key proved itself: nothing is held against it any more. */
  clear(key: string): void {
    this.failures.delete(key);
  }

  private forgetOldest(): void {
    const [oldest] = this.failures.keys();
    if (oldest !== undefined) this.failures.delete(oldest);
  }
}

/** One limit that a try falls under. */
export interface Limited {
  readonly limiter: FailureLimiter;
  readonly key: string;
  /** Whether a success makes up for the failures before it. */
  readonly forgives: boolean;
}

/**
 * Runs `prove` and counts it as a failure under every limit when it throws UNAUTHORIZED.
 * @throws AppError RATE_LIMITED without running it; what `prove` throws
 */
export async function limitFailures<T>(limits: readonly Limited[], prove: () => Promise<T>): Promise<T> {
  const begun: Limited[] = [];
  const takeBack = (): void => {
    for (const { limiter, key } of begun) limiter.takeBack(key);
  };
  try {
    for (const limit of limits) {
      limit.limiter.begin(limit.key);
      begun.push(limit);
    }
  } catch (error) {
    takeBack();
    throw error;
  }
  try {
    const proven = await prove();
    for (const { limiter, key, forgives } of begun) forgives ? limiter.clear(key) : limiter.takeBack(key);
    return proven;
  } catch (error) {
    if (!hasStatus(error, 'UNAUTHORIZED')) takeBack();
    throw AppError.from(error);
  }
}
