import type { AccessUnit, Track } from '@cardea/media';
import type { MediaTimeline } from './live-stream.ts';

/** The timeline of a recording being played: Unix time of what is shown, which goes back when the viewer does. */
export class RecordedTimeline implements MediaTimeline {
  private offsets = new Map<number, number>();

  begin(tracks: readonly Track[], startAt: number): void {
    this.offsets = new Map(tracks.map(({ id, timescale }) => [id, Math.round((startAt / 1_000) * timescale)]));
  }

  place(unit: AccessUnit): AccessUnit | undefined {
    const offset = this.offsets.get(unit.trackId);
    return offset === undefined ? undefined : { ...unit, dts: unit.dts + offset, pts: unit.pts + offset };
  }
}
