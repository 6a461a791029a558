import type { Clock } from '@cardea/core';

const LARGEST_STEP_MS = 1;

/** Puts the tracks of a stream on the wall clock, all by the same line, so that sound and picture stay together (RFC 3550, 6.4.1). */
export class WallClockLine {
  private readonly clock: Clock;
  /** Unix milliseconds of second 0 of the timeline. */
  private startedAt: number | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Second `newestSec` of the timeline has just arrived; it counts when it is the first. */
  begin(newestSec: number): void {
    this.startedAt ??= this.startNow(newestSec);
  }

  /** The clock of a camera is never quite ours; players turn a step of the line into a step of their times, so it moves by small ones. */
  follow(newestSec: number): void {
    this.begin(newestSec);
    const startedAt = this.startedAt ?? 0;
    this.startedAt = startedAt + Math.max(-LARGEST_STEP_MS, Math.min(LARGEST_STEP_MS, this.startNow(newestSec) - startedAt));
  }

  /** Unix milliseconds of a second of the timeline; `undefined` before the first arrived. */
  instantOf(sec: number): number | undefined {
    return this.startedAt === undefined ? undefined : this.startedAt + sec * 1_000;
  }

  /** The second of the timeline at an instant; `undefined` before the first arrived. */
  secondAt(instant: number): number | undefined {
    return this.startedAt === undefined ? undefined : (instant - this.startedAt) / 1_000;
  }

  /** The timeline begins anew. */
  reset(): void {
    this.startedAt = undefined;
  }

  private startNow(newestSec: number): number {
    return this.clock.now() - newestSec * 1_000;
  }
}
