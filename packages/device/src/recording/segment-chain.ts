import type { RecordedSegment, SegmentEntry } from './segment-entry.ts';

/** Where a segment stands among all that its channel and stream recorded. */
export interface ChainPlace {
  /** From 0. */
  readonly number: number;
  /** SHA-256 of the segment one place before, lower-case hex; absent for the first. */
  readonly previous?: string;
}

type PlacedEntry = SegmentEntry & { readonly place: ChainPlace; readonly sha256: string };

/**
 * Gives what is recorded its place in the chain of its channel and stream, in the order in which it became whole. The newest
 * of each chain is remembered when it is gone from the disk, so that the next one can name it.
 */
export class SegmentChain {
  private readonly heads = new Map<string, PlacedEntry>();

  /** Takes note of a segment that has its place. */
  note(entry: SegmentEntry): void {
    if (!isPlaced(entry)) return;
    const chain = chainOf(entry);
    const head = this.heads.get(chain);
    if (head === undefined || entry.place.number >= head.place.number) this.heads.set(chain, entry);
  }

  /** The segment with its place, which is behind all that have one. */
  place(entry: RecordedSegment): RecordedSegment {
    const head = this.heads.get(chainOf(entry));
    const place = head === undefined ? { number: 0 } : { number: head.place.number + 1, previous: head.sha256 };
    const placed = { ...entry, place };
    this.note(placed);
    return placed;
  }

  /** What has to be kept of the newest of each chain when the segment itself goes. */
  remembered(): readonly SegmentEntry[] {
    return [...this.heads.values()].map(({ create, target, place, sha256 }) => ({ create, target, state: 'done', place, sha256 }));
  }

  /** Whatever is recorded from now on begins a chain of its own. */
  clear(): void {
    this.heads.clear();
  }
}

function isPlaced(entry: SegmentEntry): entry is PlacedEntry {
  return entry.place !== undefined && entry.sha256 !== undefined;
}

function chainOf({ create }: SegmentEntry): string {
  return `${create.channel}/${create.stream}`;
}
