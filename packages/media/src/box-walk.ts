import type { Track } from './access-unit.ts';
import type { ByteReader } from './byte-reader.ts';
import { MediaError } from './media-error.ts';

export interface FragmentedMp4Report {
  readonly ok: boolean;
  /** Why not, when not `ok`. */
  readonly reason?: string;
  /** RFC 6381, comma separated. */
  readonly codecs: string;
  readonly durationMs: number;
  readonly fragments: number;
  readonly tracks: readonly Track[];
  /** The first video sample is a key frame. */
  readonly keyframeFirst: boolean;
}

/** Structural check of a recorded object; reads headers only, never the payload. Malformed input is a report, not an error. */
export async function checkFragmentedMp4(_source: Uint8Array | ByteReader): Promise<FragmentedMp4Report> {
  throw new MediaError('INVALID_REQUEST', 'not built yet');
}
