import type { Clock } from '@cardea/core';
import { type Static, Type } from 'typebox';

/** What a process with live media has to do, and how much of that it is meant for. */
export const MediaReport = Type.Object({
  /** Sessions that watch, or open connections where one session has several. */
  sessions: Type.Integer({ minimum: 0 }),
  /** Media received and sent, over the last second or more. */
  bytesPerSec: Type.Number({ minimum: 0 }),
  maxSessions: Type.Integer({ minimum: 1 }),
  maxBytesPerSec: Type.Number({ minimum: 1 }),
});
export type MediaReport = Static<typeof MediaReport>;

/** How much of what the process is meant for it does, with so many sessions more than it reported; 1 is all. */
export function loadOf({ bytesPerSec, maxBytesPerSec, maxSessions, sessions }: MediaReport, more = 0): number {
  return Math.max((sessions + more) / maxSessions, bytesPerSec / maxBytesPerSec);
}

export interface MediaMeterOptions {
  readonly snapshot: () => { readonly sessions: number; readonly viewers: number; readonly bytesIn: number; readonly bytesOut: number };
  readonly maxSessions: number;
  readonly maxBytesPerSec: number;
  readonly clock: Clock;
}

const SAMPLE_MS = 1_000;

/** Makes the reports of this process. */
export class MediaMeter {
  private readonly options: MediaMeterOptions;
  private sampledAtMs: number;
  private sampledBytes = 0;
  private bytesPerSec = 0;

  constructor(options: MediaMeterOptions) {
    this.options = options;
    this.sampledAtMs = options.clock.monotonicMs();
  }

  report(): MediaReport {
    const { clock, maxBytesPerSec, maxSessions, snapshot } = this.options;
    const { bytesIn, bytesOut, sessions, viewers } = snapshot();
    const elapsedMs = clock.monotonicMs() - this.sampledAtMs;
    if (elapsedMs >= SAMPLE_MS) {
      this.bytesPerSec = ((bytesIn + bytesOut - this.sampledBytes) * 1_000) / elapsedMs;
      this.sampledAtMs += elapsedMs;
      this.sampledBytes = bytesIn + bytesOut;
    }
    return { sessions: Math.max(sessions, viewers), bytesPerSec: this.bytesPerSec, maxSessions, maxBytesPerSec };
  }
}
