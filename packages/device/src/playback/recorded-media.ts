import { readFile } from 'node:fs/promises';
import { AppError } from '@cardea/core';
import { type AccessUnit, Fmp4Splitter, parseFragment, parseInitSegment, type Track } from '@cardea/media';
import type { RecordedSegment } from '../recording/segment-entry.ts';
import { isMissing } from '../state/durable-file.ts';

/** One picture or sound of a recording. */
export interface RecordedUnit {
  /** Times count from the begin of its segment. */
  readonly unit: AccessUnit;
  /** Recording time, in milliseconds. */
  readonly atMs: number;
  /** A picture that can be decoded by itself. */
  readonly isKey: boolean;
  readonly isVideo: boolean;
}

/** A segment that was read from the disk: its units in the order of their times. */
export interface RecordedMedia {
  readonly segment: RecordedSegment;
  readonly tracks: readonly Track[];
  readonly units: readonly RecordedUnit[];
}

/** Reads one segment; `undefined` when it has given way meanwhile. @throws AppError DISK_ERROR */
export async function readRecordedMedia(path: string, segment: RecordedSegment): Promise<RecordedMedia | undefined> {
  try {
    const [init, ...fragments] = new Fmp4Splitter().push(await readFile(path));
    if (init?.kind !== 'init') return undefined;
    const tracks = parseInitSegment(init.bytes);
    const units = fragments.filter(({ kind }) => kind === 'fragment').flatMap(({ bytes }) => parseFragment(bytes, tracks));
    return { segment, tracks, units: unitsOf(units, tracks, segment.create.startAt) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new AppError('DISK_ERROR', undefined, { cause: error });
  }
}

function unitsOf(units: readonly AccessUnit[], tracks: readonly Track[], startAt: number): readonly RecordedUnit[] {
  const byId = new Map(tracks.map((track) => [track.id, track]));
  return units
    .map((unit) => {
      const track = byId.get(unit.trackId);
      const isVideo = track?.kind === 'video';
      return { unit, atMs: startAt + (unit.dts / (track?.timescale ?? 1)) * 1_000, isKey: isVideo && unit.keyframe, isVideo };
    })
    .toSorted((a, b) => a.atMs - b.atMs || Number(b.isVideo) - Number(a.isVideo));
}
