import type { AccessUnit, Track } from '@cardea/media';

/** A step of the source's clock beyond this, either way, is not a gap in the pictures: the timeline goes on without it. */
const LARGEST_GAP_SEC = 10;
const SMALLEST_STEP_BACK_SEC = 0.5;

interface Lane {
  readonly timescale: number;
  lastDts: number;
}

/**
 * Puts the units of one publisher after another on one timeline, which starts at 0 and never goes back: a viewer sees the
 * clock of the source, moved by a constant, and no seam when a publisher returns.
 */
export class Timeline {
  private lanes = new Map<number, Lane>();
  private endSec = 0;
  private shiftSec: number | undefined;

  /** From now on units belong to these tracks; the next one placed goes to the end of the timeline. */
  begin(tracks: readonly Track[]): void {
    this.lanes = new Map(tracks.map(({ id, timescale }) => [id, { timescale, lastDts: Math.round(this.endSec * timescale) - 1 }]));
    this.shiftSec = undefined;
  }

  /**
   * The unit with its times on this timeline; `undefined` when it has no place there: unknown track, back in time, or far
   * ahead. Only a key frame may bring the timeline in line with a clock of the source that was set.
   */
  place(unit: AccessUnit, { isKeyframe }: { readonly isKeyframe: boolean }): AccessUnit | undefined {
    const lane = this.lanes.get(unit.trackId);
    if (lane === undefined) return undefined;
    const sourceSec = unit.dts / lane.timescale;
    const aheadSec = this.shiftSec === undefined ? 0 : sourceSec + this.shiftSec - this.endSec;
    const wasSet = aheadSec > LARGEST_GAP_SEC || aheadSec < -SMALLEST_STEP_BACK_SEC;
    if (this.shiftSec === undefined || (wasSet && isKeyframe)) this.shiftSec = this.endSec - sourceSec;
    else if (aheadSec > LARGEST_GAP_SEC) return undefined;
    const shift = Math.round(this.shiftSec * lane.timescale);
    const dts = unit.dts + shift;
    if (dts <= lane.lastDts) return undefined;
    lane.lastDts = dts;
    const duration = Math.min(unit.duration, LARGEST_GAP_SEC * lane.timescale);
    this.endSec = Math.max(this.endSec, (dts + duration) / lane.timescale);
    return { ...unit, dts, pts: unit.pts + shift, duration };
  }
}
