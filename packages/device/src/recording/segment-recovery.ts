import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { AppError } from '@cardea/core';
import { Fmp4Splitter, parseFragment, parseInitSegment, splitLengthPrefixed, type Track } from '@cardea/media';
import { isMissing } from '../state/durable-file.ts';
import { type RecordedSegment, type SegmentEntry, stateWhenWhole } from './segment-entry.ts';

/** Length and type; files of the device have no longer ones. */
const BOX_HEADER_BYTES = 8;

/**
 * Makes a whole video segment of a file the device was still writing when it stopped: cut behind its last whole fragment.
 * `undefined` when not one fragment survived.
 */
export async function recoverSegment(path: string, entry: SegmentEntry): Promise<RecordedSegment | undefined> {
  const bytes = await readFile(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  const { sizeBytes, durationMs: exactMs } = wholePart(bytes);
  const durationMs = Math.round(exactMs);
  if (durationMs === 0) return undefined;
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

interface WholePart {
  readonly sizeBytes: number;
  readonly durationMs: number;
}

/** What comes before the first thing that is not whole, be the file cut short there or filled with what a power cut left. */
function wholePart(bytes: Uint8Array): WholePart {
  const splitter = new Fmp4Splitter();
  const sizes = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let tracks: readonly Track[] = [];
  let whole: WholePart = { sizeBytes: 0, durationMs: 0 };
  try {
    // Box by box, since a splitter gives nothing of what it was given together with bytes that are no box.
    for (let at = 0; at + BOX_HEADER_BYTES <= bytes.length; ) {
      const end = at + Math.max(BOX_HEADER_BYTES, sizes.getUint32(at));
      // It takes over what it is given; the hash needs the bytes afterwards.
      for (const piece of splitter.push(bytes.slice(at, end))) {
        if (piece.kind === 'init') tracks = parseInitSegment(piece.bytes);
        const durationMs = piece.kind === 'init' ? 0 : pictureMsOf(piece.bytes, tracks);
        whole = { sizeBytes: whole.sizeBytes + piece.bytes.length, durationMs: whole.durationMs + durationMs };
      }
      at = end;
    }
  } catch {
    return whole;
  }
  return whole;
}

/** How long the pictures of a fragment last. @throws AppError when one of them is damaged */
function pictureMsOf(fragment: Uint8Array, tracks: readonly Track[]): number {
  let durationMs = 0;
  for (const { trackId, duration, data } of parseFragment(fragment, tracks)) {
    const track = tracks.find(({ id }) => id === trackId);
    if (track?.kind !== 'video') continue;
    if (splitLengthPrefixed(data).some(({ length }) => length === 0)) throw new AppError('OBJECT_MISMATCH');
    durationMs += (duration / track.timescale) * 1_000;
  }
  return durationMs;
}
