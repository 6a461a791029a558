import type { TimelineSpan } from '@cardea/api';

/** A stretch of time, Unix ms. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Less than this of a recording is not worth playing. */
const REST_MIN_MS = 200;
/** What is shorter is not told: a recording needs a moment to begin. */
const GAP_TOLD_MS = 5_000;

/** What is recorded, in order. */
export function videoOf(spans: readonly TimelineSpan[]): readonly Span[] {
  return spans.filter(({ kind }) => kind === 'video');
}

/** The times that were to be recorded and are not, with why, in order */
export function gapsOf(spans: readonly TimelineSpan[]): readonly (Span & { readonly reason: NonNullable<TimelineSpan['reason']> })[] {
  return spans
    .filter(({ kind, from, to }) => kind === 'gap' && to - from >= GAP_TOLD_MS)
    .map(({ from, to, reason = 'unknown' }) => ({ from, to, reason }));
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
