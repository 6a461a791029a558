import type { SampleEntry, Track } from './access-unit.ts';

/** The samples of a track with media times, and what its edit list adds to them (ticks). */
export interface TrackSamples {
  readonly track: Track;
  readonly presentationOffset: number;
  readonly samples: readonly SampleEntry[];
}

/**
 * Puts all tracks of a file on one timeline whose earliest time, of decoding or presentation, is 0. Audio that ends before
 * the presentation begins (encoder priming) is left out, video is kept from the last key frame before the beginning.
 */
export function alignPresentation(tracks: readonly TrackSamples[]): TrackSamples[] {
  const started = tracks.map((entry) => ({ ...entry, samples: fromPresentationStart(entry) }));
  const earliestSec = started.map(({ track, presentationOffset, samples }) => {
    const earliest = samples.reduce((least, { dts, pts }) => Math.min(least, dts, pts), Number.POSITIVE_INFINITY);
    return (earliest + presentationOffset) / track.timescale;
  });
  const originSec = Math.min(...earliestSec);
  return started.map(({ track, presentationOffset, samples }) => {
    const shift = presentationOffset - Math.round(originSec * track.timescale);
    const moved = samples.map((sample) => ({ ...sample, dts: sample.dts + shift, pts: sample.pts + shift }));
    return { track, presentationOffset: 0, samples: moved };
  });
}

function fromPresentationStart({ track, presentationOffset, samples }: TrackSamples): readonly SampleEntry[] {
  if (track.kind === 'audio') return samples.filter(({ pts, duration }) => pts + duration + presentationOffset > 0);
  const first = samples.findLastIndex(({ pts, keyframe }) => keyframe && pts + presentationOffset <= 0);
  return first > 0 ? samples.slice(first) : samples;
}
