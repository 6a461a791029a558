import type { AccessUnit, Track } from '@cardea/media';

/** A step of the source's clock beyond this, either way, is not a gap in the pictures: the timeline goes on without it. */
const LARGEST_GAP_SEC = 10;

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
    if (this.shiftSec === undefined || (isKeyframe && !this.fits(this.dtsOf(unit, lane), lane))) {
      this.shiftSec = this.endSec - unit.dts / lane.timescale;
    }
    const dts = this.dtsOf(unit, lane);
    if (!this.fits(dts, lane)) return undefined;
    lane.lastDts = dts;
    const duration = Math.min(unit.duration, LARGEST_GAP_SEC * lane.timescale);
    this.endSec = Math.max(this.endSec, (dts + duration) / lane.timescale);
    return { ...unit, dts, pts: unit.pts - unit.dts + dts, duration };
  }

  private dtsOf(unit: AccessUnit, { timescale }: Lane): number {
    return unit.dts + Math.round((this.shiftSec ?? 0) * timescale);
  }

  private fits(dts: number, { timescale, lastDts }: Lane): boolean {
    return dts > lastDts && dts / timescale - this.endSec <= LARGEST_GAP_SEC;
  }
}
