import type { AccessUnit, Track } from './access-unit.ts';
import { BoxReader } from './box-reader.ts';
import { maxFragmentBytes, maxInitBytes } from './limits.ts';
import { malformed } from './media-error.ts';
import { readMovieFragment } from './movie-fragment.ts';
import { readMovieHeader } from './movie-header.ts';

/**
 * The tracks of an init segment (ftyp, moov), at most 1 MiB; tracks nothing here can carry are left out, so the list may be empty.
 * Edit lists do not change the times of fragments read later.
 * @throws MediaError OBJECT_MISMATCH
 */
export function parseInitSegment(bytes: Uint8Array): readonly Track[] {
  if (bytes.length > maxInitBytes) throw malformed('the init segment is too large');
  const boxes = new BoxReader(bytes);
  const moov = boxes.top().find((box) => box.type === 'moov');
  if (moov === undefined) throw malformed('the init segment has no moov');
  return readMovieHeader(boxes, moov).map(({ track }) => track);
}

/**
 * The access units of a fragment (moof, mdat, at most 16 MiB; several pairs in a row count as one), track by track in
 * decode order. Boxes before moof (styp, sidx, prft, emsg) and tracks that are not in `tracks` are passed over.
 * `data` of every unit is a view of `bytes`.
 * @throws MediaError OBJECT_MISMATCH
 */
export function parseFragment(bytes: Uint8Array, tracks: readonly Track[]): readonly AccessUnit[] {
  if (bytes.length > maxFragmentBytes) throw malformed('the fragment is too large');
  const boxes = new BoxReader(bytes);
  const moofs = boxes.top().filter((box) => box.type === 'moof');
  if (moofs.length === 0) throw malformed('the fragment has no moof');
  const units: AccessUnit[] = [];
  for (const moof of moofs) {
    const fragments = readMovieFragment(boxes, moof, { tracks, moofOffset: moof.offset, endOffset: bytes.length });
    for (const { track, samples } of fragments) {
      for (const { dts, pts, duration, keyframe, offset, sizeBytes } of samples) {
        units.push({ trackId: track.id, dts, pts, duration, keyframe, data: bytes.subarray(offset, offset + sizeBytes) });
      }
    }
  }
  return units;
}
