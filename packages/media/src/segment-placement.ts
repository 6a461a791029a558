import type { AccessUnit, Track } from './access-unit.ts';
import type { RecordedSegment } from './recorded-segment.ts';

/** Part of a segment, in milliseconds after its first picture. */
export interface Cut {
  /** Begins with the key frame at or before this; default: with the segment. */
  readonly fromMs?: number;
  /** Ends with the picture at or after this; default: with the segment. */
  readonly toMs?: number;
}

/**
 * The fragments of a part of a segment, their times moved so that the first picture of the segment would be at `atMs`.
 * Nothing is decoded, so a part begins with a key frame. Fragments that lie outside are left out; units are copied, data not.
 */
export function placeSegment(segment: RecordedSegment, atMs: number, { fromMs, toMs }: Cut = {}): readonly (readonly AccessUnit[])[] {
  const video = segment.tracks.find(({ kind }) => kind === 'video') ?? segment.tracks[0];
  const first = video && segment.fragments.flat().find(({ trackId }) => trackId === video.id);
  if (video === undefined || first === undefined) return [];
  const originSec = first.pts / video.timescale;
  const clocks = new Map(segment.tracks.map((track) => [track.id, track.timescale]));
  const msOf = ({ trackId, pts }: AccessUnit): number => (pts / (clocks.get(trackId) ?? 1) - originSec) * 1_000;
  const bounds = boundsOf(segment, video, { fromMs, toMs, msOf });
  return segment.fragments
    .map((units) =>
      units.filter((unit) => bounds.holds(unit)).map((unit) => moved(unit, clocks.get(unit.trackId) ?? 1, { atMs, originSec })),
    )
    .filter((units) => units.length > 0);
}

/** By how much decoding comes before the first presentation, and other tracks before it, in milliseconds; never negative. */
export function leadOf(fragments: readonly (readonly AccessUnit[])[], tracks: readonly Track[]): number {
  const [units = []] = fragments;
  const starts = units.map(({ trackId, dts }) => (dts / (tracks.find(({ id }) => id === trackId)?.timescale ?? 1)) * 1_000);
  return Math.max(0, -starts.reduce((least, start) => Math.min(least, start), 0));
}

interface Bounds {
  holds(unit: AccessUnit): boolean;
}

/** Of video whole groups of pictures at the beginning and, at the end, every picture that is decoded before the last one wanted. */
function boundsOf(
  { fragments }: RecordedSegment,
  video: Track,
  { fromMs, toMs, msOf }: { fromMs: number | undefined; toMs: number | undefined; msOf(unit: AccessUnit): number },
): Bounds {
  const pictures = fragments.flat().filter(({ trackId }) => trackId === video.id);
  const first = fromMs === undefined ? undefined : (pictures.findLast((unit) => unit.keyframe && msOf(unit) <= fromMs) ?? pictures[0]);
  const past = toMs === undefined ? [] : pictures.filter((unit) => msOf(unit) >= toMs);
  const endMs = past.reduce((least, unit) => Math.min(least, msOf(unit)), Number.POSITIVE_INFINITY);
  const last = endMs === Number.POSITIVE_INFINITY ? undefined : pictures.findLast((unit) => msOf(unit) <= endMs);
  const beginMs = first === undefined ? Number.NEGATIVE_INFINITY : msOf(first);
  return {
    holds: (unit) => {
      if (unit.trackId !== video.id) return msOf(unit) >= beginMs && msOf(unit) <= endMs;
      return (first === undefined || unit.dts >= first.dts) && (last === undefined || unit.dts <= last.dts);
    },
  };
}

function moved(unit: AccessUnit, timescale: number, { atMs, originSec }: { atMs: number; originSec: number }): AccessUnit {
  const shift = Math.round((atMs / 1_000 - originSec) * timescale);
  return { ...unit, dts: unit.dts + shift, pts: unit.pts + shift };
}
