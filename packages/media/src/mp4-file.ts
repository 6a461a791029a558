import type { AccessUnit, Track } from './access-unit.ts';
import type { ByteReader } from './byte-reader.ts';
import { MediaError } from './media-error.ts';

/** Where one sample lies in its file; times in ticks of the track, never negative. */
export interface SampleEntry {
  readonly dts: number;
  readonly pts: number;
  readonly duration: number;
  readonly keyframe: boolean;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** A progressive or fragmented MP4 read by random access. */
export class Mp4File {
  readonly tracks: readonly Track[] = [];
  readonly durationMs: number = 0;
  static async open(_reader: ByteReader): Promise<Mp4File> {
    throw new MediaError('INVALID_REQUEST', 'not built yet');
  }
  samples(_trackId: number): readonly SampleEntry[] {
    throw new MediaError('INVALID_REQUEST', 'not built yet');
  }
  async readSample(_trackId: number, _index: number): Promise<AccessUnit> {
    throw new MediaError('INVALID_REQUEST', 'not built yet');
  }
}
