import type { Segment } from '@cardea/api';

type Piece = Pick<Segment, 'id' | 'stream' | 'startAt' | 'endAt'>;

/** A stretch of time, Unix ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Pieces of one recording may be this far apart. */
const JOIN_MS = 1_500;
/** Less than this of a piece is not worth playing. */
const REST_MIN_MS = 200;

/** The recordings of the best stream there is: `main`, or else what the first one has. Oldest first. */
export function bestStream<S extends Piece>(segments: readonly S[]): readonly S[] {
  const stream = segments.some((segment) => segment.stream === 'main') ? 'main' : segments[0]?.stream;
  return segments.filter((segment) => segment.stream === stream);
}

/** What is covered between `from` and `to`, in as few stretches as possible. */
export function coverageOf(segments: readonly Piece[], { from, to }: Span): readonly Span[] {
  const spans: Span[] = [];
  for (const { startAt, endAt } of segments) {
    const piece = { from: Math.max(from, startAt), to: Math.min(to, endAt) };
    if (piece.to <= piece.from) continue;
    const last = spans.at(-1);
    if (last !== undefined && piece.from - last.to <= JOIN_MS)
      spans[spans.length - 1] = { from: last.from, to: Math.max(last.to, piece.to) };
    else spans.push(piece);
  }
  return spans;
}

/** How much is covered, in ms. */
export function coveredMs(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0);
}

/** The beginnings of the minutes in which something was recorded. */
export function minutesOf(spans: readonly Span[], hour: number): readonly number[] {
  const minutes = Array.from({ length: 60 }, (_, index) => hour + index * 60_000);
  return minutes.filter((minute) => spans.some(({ from, to }) => from < minute + 60_000 && to - REST_MIN_MS > minute));
}

/** The recording on show at `instant`, or the next after it, and where to begin in it; `undefined` when there is none. */
export function segmentAt<S extends Piece>(
  segments: readonly S[],
  instant: number,
): { readonly segment: S; readonly offsetMs: number } | undefined {
  const segment = segments.find(({ endAt }) => endAt - REST_MIN_MS > instant);
  return segment && { segment, offsetMs: Math.max(0, instant - segment.startAt) };
}
