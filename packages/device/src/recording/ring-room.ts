import type { RecordedSegment } from './segment-entry.ts';

/** What was recorded for a reason is kept before what was merely recorded, up to this part of the disk (C-15). */
const PROTECTED_SHARE = 0.3;

/** Segments that are not overwritten: the newest that were recorded for a reason. `oldestFirst` are all there are. */
export function protectedSegments(oldestFirst: readonly RecordedSegment[], quotaBytes: number): ReadonlySet<RecordedSegment> {
  const chosen = new Set<RecordedSegment>();
  let roomBytes = quotaBytes * PROTECTED_SHARE;
  for (const entry of oldestFirst.toReversed()) {
    if (entry.create.eventId === undefined && entry.create.taskId === undefined) continue;
    roomBytes -= entry.sizeBytes;
    if (roomBytes < 0) break;
    chosen.add(entry);
  }
  return chosen;
}

/**
 * What has to go for the rest to fit, oldest first. Without `overwrite` nothing that belongs on the disk goes, only what
 * waits there for the video service.
 */
export function givingWay(
  oldestFirst: readonly RecordedSegment[],
  { quotaBytes, overwrite }: { readonly quotaBytes: number; readonly overwrite: boolean },
): readonly RecordedSegment[] {
  let excessBytes = sizeOf(oldestFirst) - quotaBytes;
  if (excessBytes <= 0) return [];
  const spared = protectedSegments(oldestFirst, quotaBytes);
  const gone: RecordedSegment[] = [];
  for (const entry of oldestFirst) {
    if (excessBytes <= 0) break;
    if (spared.has(entry) || (!overwrite && entry.target !== 'cloud')) continue;
    excessBytes -= entry.sizeBytes;
    gone.push(entry);
  }
  return gone;
}

export function sizeOf(entries: readonly RecordedSegment[]): number {
  return entries.reduce((sum, entry) => sum + entry.sizeBytes, 0);
}
