import type { AccessUnit, Track } from './access-unit.ts';
import { BoxReader, fileBoxes } from './box-reader.ts';
import { maxInitBytes, maxMoofBytes } from './limits.ts';
import { malformed } from './media-error.ts';
import { readMovieFragment } from './movie-fragment.ts';
import { readMovieHeader } from './movie-header.ts';

/** A recorded object taken apart. `data` of every unit is a view of its bytes. */
export interface RecordedSegment {
  /** Those this package can carry. */
  readonly tracks: readonly Track[];
  /** Units of each fragment, track by track in decode order. */
  readonly fragments: readonly (readonly AccessUnit[])[];
}

/**
 * Reads a self-contained object of fragmented MP4 that is in memory as a whole.
 * @throws MediaError OBJECT_MISMATCH
 */
export function readRecordedSegment(bytes: Uint8Array): RecordedSegment {
  let tracks: readonly Track[] | undefined;
  const fragments: (readonly AccessUnit[])[] = [];
  for (const { type, offset, end } of fileBoxes(bytes)) {
    if (type === 'moov') tracks = readMovie(bytes.subarray(offset, end));
    if (type === 'moof') fragments.push(readFragment(bytes, { offset, end, tracks }));
  }
  if (tracks === undefined) throw malformed('no moov');
  return { tracks, fragments };
}

/** The tracks of a moov box. @throws MediaError OBJECT_MISMATCH */
export function readMovie(bytes: Uint8Array): readonly Track[] {
  if (bytes.length > maxInitBytes) throw malformed('moov is too large');
  const boxes = new BoxReader(bytes);
  const [moov] = boxes.top();
  return moov === undefined ? [] : readMovieHeader(boxes, moov).map(({ track }) => track);
}

interface FragmentPlace {
  readonly offset: number;
  readonly end: number;
  readonly tracks: readonly Track[] | undefined;
}

function readFragment(bytes: Uint8Array, { offset, end, tracks }: FragmentPlace): readonly AccessUnit[] {
  if (tracks === undefined) throw malformed('moof comes before moov');
  if (end - offset > maxMoofBytes) throw malformed('moof is too large');
  const boxes = new BoxReader(bytes.subarray(offset, end));
  const [moof] = boxes.top();
  if (moof === undefined) throw malformed('moof is empty');
  const found = readMovieFragment(boxes, moof, { tracks, moofOffset: offset, endOffset: bytes.length });
  return found.flatMap(({ track, samples }) =>
    samples.map(({ dts, pts, duration, keyframe, offset: at, sizeBytes }) => ({
      ...{ trackId: track.id, dts, pts, duration, keyframe },
      data: bytes.subarray(at, at + sizeBytes),
    })),
  );
}
