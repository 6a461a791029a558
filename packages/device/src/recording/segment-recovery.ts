import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { type Fmp4Piece, Fmp4Splitter, parseFragment, parseInitSegment } from '@cardea/media';
import { isMissing } from '../state/durable-file.ts';
import { type RecordedSegment, type SegmentEntry, stateWhenWhole } from './segment-entry.ts';

/**
 * Makes a whole video segment of a file the device was still writing when it stopped: cut behind its last whole fragment.
 * `undefined` when not one fragment survived.
 */
export async function recoverSegment(path: string, entry: SegmentEntry): Promise<RecordedSegment | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  const pieces = bytes === undefined ? [] : wholePieces(bytes);
  const durationMs = durationOf(pieces);
  if (bytes === undefined || durationMs === 0) return undefined;
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
  {
    await using file = await open(path, 'r+');
    await file.truncate(sizeBytes);
    await file.sync();
  }
  return {
    ...entry,
    create: { ...entry.create, durationMs },
    state: stateWhenWhole(entry.target),
    endAt: entry.create.startAt + durationMs,
    sizeBytes,
    sha256: createHash('sha256').update(bytes.subarray(0, sizeBytes)).digest('hex'),
  };
}

/** A torn end is not an error; bytes that are no MP4 give what was whole before them. */
function wholePieces(bytes: Uint8Array): readonly Fmp4Piece[] {
  try {
    // The splitter takes over what it is given; the hash needs the bytes afterwards.
    return new Fmp4Splitter().push(bytes.slice());
  } catch {
    return [];
  }
}

function durationOf(pieces: readonly Fmp4Piece[]): number {
  const [init, ...fragments] = pieces;
  if (init === undefined || init.kind !== 'init') return 0;
  try {
    const tracks = parseInitSegment(init.bytes);
    const video = tracks.find((track) => track.kind === 'video');
    let ticks = 0;
    for (const fragment of fragments) {
      for (const unit of parseFragment(fragment.bytes, tracks)) if (unit.trackId === video?.id) ticks += unit.duration;
    }
    return video === undefined ? 0 : Math.round((ticks / video.timescale) * 1_000);
  } catch {
    return 0;
  }
}
