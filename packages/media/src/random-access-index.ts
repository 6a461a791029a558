import { BoxWriter } from './box-writer.ts';

export interface RandomAccessEntry {
  readonly trackId: number;
  /** Presentation time of the key frame, ticks of the track. */
  readonly time: number;
  /** From the start of the file. */
  readonly moofOffset: number;
}

const mfroBytes = 16;

/**
 * mfra with a tfra per track and mfro (ISO/IEC 14496-12, 8.8.9 to 8.8.11): the last box of a recorded file.
 * Entries of a track stand in rising time; each names the first sample of the first traf of its moof, where a muxer
 * puts its first track.
 */
export function randomAccessIndex(entries: readonly RandomAccessEntry[]): Uint8Array {
  const writer = new BoxWriter();
  const first = 1;
  writer.box('mfra', () => {
    for (const [trackId, ofTrack] of Map.groupBy(entries, (entry) => entry.trackId)) {
      writer.fullBox('tfra', { version: 1, flags: 0 }, () => {
        writer.u32(trackId);
        writer.zeros(4); // traf, trun and sample number take one byte each
        writer.u32(ofTrack.length);
        for (const { time, moofOffset } of ofTrack) {
          writer.u64(time);
          writer.u64(moofOffset);
          for (let i = 0; i < 3; i += 1) writer.u8(first);
        }
      });
    }
    writer.fullBox('mfro', { version: 0, flags: 0 }, () => writer.u32(writer.length - 12 + mfroBytes));
  });
  return writer.finish();
}
