import type { AccessUnit, Track } from './access-unit.ts';
import { MediaError } from './media-error.ts';

/** Writes fragmented MP4: one init segment for all tracks, then fragments. */
export class Fmp4Muxer {
  readonly tracks: readonly Track[];
  constructor(tracks: readonly Track[]) {
    this.tracks = tracks;
  }
  /** ftyp + moov with mvex. */
  initSegment(): Uint8Array {
    throw new MediaError('INVALID_REQUEST', 'not built yet');
  }
  /** One moof (a traf per track, tfdt version 1, trun with signed composition offsets) and one mdat. */
  fragment(_units: readonly AccessUnit[], _sequence: number): Uint8Array {
    throw new MediaError('INVALID_REQUEST', 'not built yet');
  }
  /** The same bytes as `fragment` in pieces: head first, then the units' own data, not copied. */
  fragmentParts(_units: readonly AccessUnit[], _sequence: number): readonly Uint8Array[] {
    throw new MediaError('INVALID_REQUEST', 'not built yet');
  }
}
