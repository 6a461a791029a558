import { AppError } from '@cardea/core';
import { Fmp4Muxer, leadOf, moveSegment, placeSegment, readRecordedSegment } from '@cardea/media';
import { type PlayedSegment, sameFormat } from './play-order.ts';
import type { StoredMedia } from './stored-media.ts';

export interface ClipRange {
  readonly from: number;
  readonly to: number;
}

/**
 * One fragmented MP4 of what is stored between two instants, cut at key frames and not transcoded (clarification M17), in
 * pieces as they are made. Times in it are those of the recording: a gap stays as long as it was, and the last picture
 * before it stands. Segments that are wanted whole go out as they are stored, moved in time. At most three are in memory.
 * @throws AppError RECORD_NOT_FOUND when nothing is stored there; INVALID_STATE where the format of the recording changes; as
 *   `StoredMedia.readAll`
 */
export async function* clipOf(
  segments: AsyncIterable<PlayedSegment>,
  { from, to }: ClipRange,
  media: StoredMedia,
): AsyncGenerator<Uint8Array> {
  let clip: { readonly muxer: Fmp4Muxer; readonly first: PlayedSegment; readonly originMs: number } | undefined;
  let sequence = 0;
  for await (const { played, bytes } of media.readAll(segments)) {
    const { row } = played;
    if (clip !== undefined && !sameFormat(row, clip.first.row)) {
      throw new AppError('INVALID_STATE', undefined, { message: 'the format of the recording changes within this range' });
    }
    const beginMs = Math.max(played.from, from) - row.start_at;
    const cut = { ...(beginMs > 0 && { fromMs: beginMs }), ...(to < played.to && { toMs: to - row.start_at }) };
    const atMs = clip && row.start_at - clip.originMs;
    const moved = atMs === undefined || 'fromMs' in cut || 'toMs' in cut ? undefined : moveSegment(bytes, { atMs, sequence: sequence + 1 });
    if (moved !== undefined) {
      sequence += moved.fragments;
      yield moved.bytes;
      continue;
    }
    const segment = readRecordedSegment(bytes);
    if (clip === undefined) {
      const [begin] = placeSegment(segment, 0, cut);
      if (begin === undefined) continue;
      const muxer = new Fmp4Muxer(segment.tracks);
      const firstMs = Math.min(...begin.filter(({ keyframe }) => keyframe).map(({ pts, trackId }) => msOf(muxer, trackId, pts)));
      const leadMs = leadOf(placeSegment(segment, -firstMs, cut), segment.tracks);
      clip = { muxer, first: played, originMs: row.start_at + firstMs - leadMs };
      yield muxer.initSegment();
    }
    const parts: Uint8Array[] = [];
    for (const units of placeSegment(segment, row.start_at - clip.originMs, cut)) {
      sequence += 1;
      parts.push(...clip.muxer.fragmentParts(units, sequence));
    }
    // In one piece: every frame for itself would cost more on its way out than everything before.
    yield Buffer.concat(parts);
  }
  if (clip === undefined) throw new AppError('RECORD_NOT_FOUND', undefined, { httpStatus: 404 });
}

function msOf({ tracks }: Fmp4Muxer, trackId: number, ticks: number): number {
  return (ticks / (tracks.find(({ id }) => id === trackId)?.timescale ?? 1)) * 1_000;
}
