import { MediaError } from './media-error.ts';

export interface RandomAccessEntry {
  readonly trackId: number;
  /** Presentation time of the key frame, ticks of the track. */
  readonly time: number;
  /** From the start of the file. */
  readonly moofOffset: number;
}

/** mfra (a tfra per track, mfro): the last box of a recorded file. */
export function randomAccessIndex(_entries: readonly RandomAccessEntry[]): Uint8Array {
  throw new MediaError('INVALID_REQUEST', 'not built yet');
}
