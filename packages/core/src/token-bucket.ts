import type { Clock } from './clock.ts';

export interface Rate {
  /** How many may come at once. */
  readonly burst: number;
  readonly perSecond: number;
}

/** Limits how often something happens; refills continuously on the monotonic clock. */
export class TokenBucket {
  private tokens: number;
  private atMs: number;
  private readonly rate: Rate;
  private readonly clock: Clock;

  constructor(rate: Rate, clock: Clock) {
    this.rate = rate;
    this.clock = clock;
    this.tokens = rate.burst;
    this.atMs = clock.monotonicMs();
  }

  /** Takes one token. 0 when it was there, else how long to wait in milliseconds (nothing is taken). */
  take(): number {
    const nowMs = this.clock.monotonicMs();
    this.tokens = Math.min(this.rate.burst, this.tokens + ((nowMs - this.atMs) * this.rate.perSecond) / 1000);
    this.atMs = nowMs;
    if (this.tokens < 1) return ((1 - this.tokens) * 1000) / this.rate.perSecond;
    this.tokens -= 1;
    return 0;
  }
}

/** One bucket per key, for at most `maxKeys` keys: the key least recently used is forgotten first. */
export class TokenBuckets {
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly rate: Rate;
  private readonly clock: Clock;
  private readonly maxKeys: number;

  constructor(rate: Rate, clock: Clock, maxKeys = 100_000) {
    this.rate = rate;
    this.clock = clock;
    this.maxKeys = maxKeys;
  }

  /** As `TokenBucket.take`, for the bucket of `key`. */
  take(key: string): number {
    const bucket = this.buckets.get(key) ?? new TokenBucket(this.rate, this.clock);
    this.buckets.delete(key);
    this.buckets.set(key, bucket);
    if (this.buckets.size > this.maxKeys) {
      const [oldest] = this.buckets.keys();
      if (oldest !== undefined) this.buckets.delete(oldest);
    }
    return bucket.take();
  }
}
