import { JOIN_MS } from '../timeline/account.ts';
import type { Span } from '../timeline/spans.ts';
import type { StoredSegment } from './stored-media.ts';

/** A segment in its place of a playback. */
export interface PlayedSegment {
  readonly row: StoredSegment;
  /** Where it begins, Unix ms: its own beginning, or where what was played before it ends. */
  readonly from: number;
  readonly to: number;
  /** It does not follow on what was played before: there is a gap, or its format is another. */
  readonly breaks: boolean;
}

/** Puts segments of one stream, oldest first, into an order in which nothing is played twice: kinds may overlap. */
export class PlayOrder {
  private last: PlayedSegment | undefined;

  /** The place of the next segment; `undefined` when all of it was played. */
  next(row: StoredSegment): PlayedSegment | undefined {
    const { last } = this;
    const to = row.end_at ?? row.start_at;
    if (last !== undefined && to <= last.to + JOIN_MS && row.start_at < last.to) return undefined;
    const overlaps = last !== undefined && row.start_at < last.to - JOIN_MS;
    const from = overlaps ? last.to : row.start_at;
    const breaks = last !== undefined && (overlaps || row.start_at > last.to + JOIN_MS || !sameFormat(row, last.row));
    this.last = { row, from, to, breaks };
    return this.last;
  }
}

/** Formats told of one range. */
const MAX_FORMATS = 100;

/** The parts of `range` between changes of format, Unix ms, at most a hundred. */
export async function formatsOf(segments: AsyncIterable<PlayedSegment>, range: Span): Promise<readonly Span[]> {
  const parts: { from: number; to: number }[] = [];
  let last: StoredSegment | undefined;
  for await (const { row, from, to } of segments) {
    const part = parts.at(-1);
    if (part !== undefined && last !== undefined && sameFormat(row, last)) part.to = Math.min(to, range.to);
    else if (parts.length < MAX_FORMATS) parts.push({ from: Math.max(from, range.from), to: Math.min(to, range.to) });
    else break;
    last = row;
  }
  return parts;
}

export function sameFormat(one: StoredSegment, other: StoredSegment): boolean {
  return one.format_hash !== null && one.format_hash === other.format_hash;
}
