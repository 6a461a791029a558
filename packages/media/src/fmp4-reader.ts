import type { AccessUnit, Track } from './access-unit.ts';
import { MediaError } from './media-error.ts';

export function parseInitSegment(_bytes: Uint8Array): readonly Track[] {
  throw new MediaError('INVALID_REQUEST', 'not built yet');
}

/** Accepts styp, sidx, prft and emsg before moof. `data` of every unit is a view of `bytes`. */
export function parseFragment(_bytes: Uint8Array, _tracks: readonly Track[]): readonly AccessUnit[] {
  throw new MediaError('INVALID_REQUEST', 'not built yet');
}
