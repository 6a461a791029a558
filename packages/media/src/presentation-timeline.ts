import type { SampleEntry, Track } from './access-unit.ts';

/** The samples of a track with media times, and what its edit list adds to them (ticks). */
export interface TrackSamples {
  readonly track: Track;
  readonly presentationOffset: number;
  readonly samples: readonly SampleEntry[];
}

/**
 * Puts all tracks of a file on one timeline whose earliest time, of decoding or presentation, is 0, and where no picture
 * is presented before it is decoded. Audio that ends before the presentation begins (encoder priming) is left out, video
 * is kept from the last key frame before the beginning.
 */
export function alignPresentation(tracks: readonly TrackSamples[]): TrackSamples[] {
  const started = tracks.map((entry) => {
    const samples = fromPresentationStart(entry);
    return { ...entry, samples, decodeLead: decodeLead(samples) };
  });
  const earliestSec = started.map(({ track, presentationOffset, samples, decodeLead: lead }) => {
    const earliestDts = samples.reduce((least, { dts }) => Math.min(least, dts), Number.POSITIVE_INFINITY) - lead;
    return (earliestDts + presentationOffset) / track.timescale;
  });
  const originSec = Math.min(...earliestSec);
  return started.map(({ track, presentationOffset, samples, decodeLead: lead }) => {
    const shift = presentationOffset - Math.round(originSec * track.timescale);
    const moved = samples.map((sample) => ({ ...sample, dts: sample.dts + shift - lead, pts: sample.pts + shift }));
    return { track, presentationOffset: 0, samples: moved };
  });
}

/** By how much decoding must come earlier: files with signed composition offsets present before they decode. */
function decodeLead(samples: readonly SampleEntry[]): number {
  return samples.reduce((lead, { dts, pts }) => Math.max(lead, dts - pts), 0);
}

function fromPresentationStart({ track, presentationOffset, samples }: TrackSamples): readonly SampleEntry[] {
  if (track.kind === 'audio') return samples.filter(({ pts, duration }) => pts + duration + presentationOffset > 0);
  const first = samples.findLastIndex(({ pts, keyframe }) => keyframe && pts + presentationOffset <= 0);
  return first > 0 ? samples.slice(first) : samples;
}
