import type { Clock } from '@cardea/core';

const PERIOD_MS = 1_000;
/** A longer period holds an interruption and says nothing about the stream. */
const LONGEST_PERIOD_MS = 3_000;

/** Bytes per second of a stream, as measured over the last whole second. */
export class StreamRate {
  private readonly clock: Clock;
  private sinceMs: number | undefined;
  private bytes = 0;
  private bytesPerMs: number | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  count(sizeBytes: number): void {
    const nowMs = this.clock.monotonicMs();
    const elapsedMs = nowMs - (this.sinceMs ?? nowMs);
    if (elapsedMs >= PERIOD_MS && elapsedMs <= LONGEST_PERIOD_MS) this.bytesPerMs = this.bytes / elapsedMs;
    if (this.sinceMs === undefined || elapsedMs >= PERIOD_MS) {
      this.sinceMs = nowMs;
      this.bytes = 0;
    }
    this.bytes += sizeBytes;
  }

  /** Bytes the stream has in `durationMs`; `undefined` before the first measurement. */
  bytesIn(durationMs: number): number | undefined {
    return this.bytesPerMs === undefined ? undefined : this.bytesPerMs * durationMs;
  }

  reset(): void {
    this.sinceMs = undefined;
    this.bytes = 0;
    this.bytesPerMs = undefined;
  }
}
