import type { AccessUnit, Track } from '@cardea/media';

export interface PushTimelineOptions {
  readonly tracks: readonly Track[];
  /** From tick 0 of the push to tick 0 of the run. */
  readonly offsetMs: number;
}

/** Moves units of one run onto the time line of a push, which never goes back, not even from one run to the next. */
export class PushTimeline {
  private readonly timescales: ReadonlyMap<number, number>;
  private readonly videoTrackId: number | undefined;
  private readonly lastDts = new Map<number, number>();
  private readonly offsetMs: number;
  private lastVideo: AccessUnit | undefined;

  constructor({ tracks, offsetMs }: PushTimelineOptions, before?: PushTimeline) {
    this.timescales = new Map(tracks.map((track) => [track.id, track.timescale]));
    this.videoTrackId = tracks.find((track) => track.kind === 'video')?.id;
    this.offsetMs = offsetMs;
    for (const [trackId, timescale] of this.timescales) {
      const endMs = before?.endMs(trackId);
      if (endMs !== undefined) this.lastDts.set(trackId, Math.ceil((endMs / 1_000) * timescale));
    }
  }

  isVideo(unit: AccessUnit): boolean {
    return unit.trackId === this.videoTrackId;
  }

  /** The unit with its times on the push; `undefined` when it is of no track that is sent, or lies before what was sent. */
  place(unit: AccessUnit): AccessUnit | undefined {
    const timescale = this.timescales.get(unit.trackId);
    if (timescale === undefined) return undefined;
    const byTicks = Math.round((this.offsetMs / 1_000) * timescale);
    const placed = { ...unit, dts: unit.dts + byTicks, pts: unit.pts + byTicks };
    if (placed.dts < 0 || placed.dts <= (this.lastDts.get(unit.trackId) ?? -1)) return undefined;
    this.lastDts.set(unit.trackId, placed.dts);
    if (this.isVideo(unit)) this.lastVideo = placed;
    return placed;
  }

  /** Media time of a placed unit. */
  timeMsOf({ trackId, dts }: AccessUnit): number {
    return (dts / (this.timescales.get(trackId) ?? 1)) * 1_000;
  }

  /**
   * A key frame without asking the encoder: the group of pictures up to the last one sent, squeezed into the time until the
   * next picture. A decoder runs through it at once and is where it was, and whoever joins now can start here. Nothing when
   * there is no room for it.
   */
  squeeze(group: readonly AccessUnit[]): readonly AccessUnit[] {
    const { lastVideo } = this;
    if (lastVideo === undefined || group[0]?.keyframe !== true) return [];
    const step = Math.floor(lastVideo.duration / (group.length + 1));
    if (step < 1 || group.some((unit) => unit.pts !== unit.dts)) return [];
    const squeezed = group.map((unit, index) => {
      const dts = lastVideo.dts + (index + 1) * step;
      return { ...unit, dts, pts: dts, duration: step };
    });
    const last = squeezed.at(-1);
    if (last !== undefined) this.lastDts.set(last.trackId, last.dts);
    return squeezed;
  }

  private endMs(trackId: number): number | undefined {
    const dts = this.lastDts.get(trackId);
    const timescale = this.timescales.get(trackId);
    return dts === undefined || timescale === undefined ? undefined : (dts / timescale) * 1_000;
  }
}

export function sameTracks(a: readonly Track[], b: readonly Track[]): boolean {
  return (
    a.length === b.length &&
    a.every((track, index) => {
      const other = b[index];
      return (
        other?.id === track.id &&
        other.timescale === track.timescale &&
        other.codecString === track.codecString &&
        Buffer.compare(other.config, track.config) === 0
      );
    })
  );
}
