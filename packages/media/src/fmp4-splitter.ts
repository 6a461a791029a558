import { MediaError } from './media-error.ts';

export interface Fmp4Piece {
  readonly kind: 'init' | 'fragment';
  readonly bytes: Uint8Array;
}

/** Cuts a byte stream into init segments (at most 1 MiB) and fragments (at most 16 MiB). */
export class Fmp4Splitter {
  push(_chunk: Uint8Array): readonly Fmp4Piece[] {
    throw new MediaError('INVALID_REQUEST', 'not built yet');
  }
}
