export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
  /** After this long of failing, `longMaxMs` replaces `maxMs`. */
  readonly longAfterMs?: number;
  readonly longMaxMs?: number;
  /** Uniform in 0..1. */
  readonly random: () => number;
}

/**
 * Waits between tries: random(0.5..1) x min(base x 2^n, cap), so that many clients that failed together come back apart.
 * @see profile hss-open-1 section C, B(n)
 */
export class Backoff {
  private attempt = 0;
  private waitedMs = 0;
  private readonly options: BackoffOptions;

  constructor(options: BackoffOptions) {
    this.options = options;
  }

  /** Tries that failed since the last reset. */
  get attempts(): number {
    return this.attempt;
  }

  /** The wait before the next try, in milliseconds. */
  next(): number {
    const { baseMs, maxMs, longAfterMs, longMaxMs, random } = this.options;
    const long = longAfterMs !== undefined && longMaxMs !== undefined && this.waitedMs >= longAfterMs;
    const capMs = long ? longMaxMs : maxMs;
    const delayMs = (0.5 + random() / 2) * Math.min(baseMs * 2 ** this.attempt, capMs);
    this.attempt += 1;
    this.waitedMs += delayMs;
    return delayMs;
  }

  /** Call once a connection has proven stable. */
  reset(): void {
    this.attempt = 0;
    this.waitedMs = 0;
  }
}
