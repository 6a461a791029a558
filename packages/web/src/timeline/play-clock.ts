import type { Clock } from '../clock.ts';

/** An instant of the past that stands still or goes on: one for all recordings that are looked at together. */
export class PlayClock {
  private readonly clock: Clock;
  private at: number;
  private sinceMs: number | undefined;

  constructor(clock: Clock, instant: number) {
    this.clock = clock;
    this.at = instant;
  }

  /** Unix ms. */
  get instant(): number {
    return this.sinceMs === undefined ? this.at : this.at + this.clock.uptimeMs() - this.sinceMs;
  }

  get playing(): boolean {
    return this.sinceMs !== undefined;
  }

  /** Goes to another instant; stands or goes on as before. */
  moveTo(instant: number): void {
    this.at = instant;
    if (this.sinceMs !== undefined) this.sinceMs = this.clock.uptimeMs();
  }

  play(): void {
    this.sinceMs ??= this.clock.uptimeMs();
  }

  pause(): void {
    this.at = this.instant;
    this.sinceMs = undefined;
  }
}

/** Pictures this near are those of the instant. */
const NEAR_MS = 600;

/**
 * What a recording that shows the instant `shown` has to do to be at `wanted`: `hold` where it is ahead, since nothing was
 * recorded until then; `seek` where it is behind.
 */
export function stepTo(wanted: number, shown: number): 'go' | 'hold' | 'seek' {
  if (shown > wanted + NEAR_MS) return 'hold';
  return shown < wanted - NEAR_MS ? 'seek' : 'go';
}
