import type { Span } from './spans.ts';

/** Midnights fall on quarters of an hour UTC in every zone in use. */
const QUARTER_MS = 15 * 60_000;
const SHORTEST_DAY_MS = 22 * 3_600_000;

/** The days of an IANA time zone that lie in `range`, cut to it; those on which the clocks change have 23 or 25 hours. */
export function daysOf({ from, to }: Span, timezone: string): Span[] {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: timezone, dateStyle: 'short' });
  const days: Span[] = [];
  for (let start = from; start < to; ) {
    const end = Math.min(
      to,
      nextMidnight(start, days.length > 0, (instant) => format.format(instant)),
    );
    days.push({ from: start, to: end });
    start = end;
  }
  return days;
}

function nextMidnight(instant: number, isMidnight: boolean, dateOf: (instant: number) => string): number {
  const date = dateOf(instant);
  let next = Math.floor((isMidnight ? instant + SHORTEST_DAY_MS : instant) / QUARTER_MS) * QUARTER_MS;
  do next += QUARTER_MS;
  while (dateOf(next) === date);
  return next;
}
