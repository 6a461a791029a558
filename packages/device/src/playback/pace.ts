import { type Clock, sleep } from '@cardea/core';

/** When more behind than this, the schedule starts anew instead of being caught up with. */
const LATE_MS = 1_000;

/** When each moment of a recording is due at a speed, counted from where it began. */
export class Pace {
  private readonly clock: Clock;
  private readonly speed: number;
  private anchorAtMs: number | undefined;
  private anchorMs = 0;

  constructor(clock: Clock, speed: number) {
    this.clock = clock;
    this.speed = speed;
  }

  /** What comes next is due now: nothing was recorded before it. */
  skip(): void {
    this.anchorAtMs = undefined;
  }

  /** Resolves when `atMs` of the recording is due. @throws AppError CANCELLED */
  async until(atMs: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.clock.monotonicMs();
    const dueMs = this.anchorAtMs === undefined ? nowMs : this.anchorMs + (atMs - this.anchorAtMs) / this.speed;
    if (this.anchorAtMs === undefined || nowMs - dueMs > LATE_MS) {
      this.anchorAtMs = atMs;
      this.anchorMs = nowMs;
    } else if (dueMs > nowMs) await sleep(this.clock, dueMs - nowMs, { signal });
  }
}
