import type { HourSpan } from '@cardea/api';

const DAY_MIN = 24 * 60;
const WEEK_MIN = 7 * DAY_MIN;
const MINUTE_MS = 60_000;

/**
 * When the span that is open now closes, on the clocks of `timezone`; `undefined` when none is open. Where clocks change in
 * between, the instant may be off by the change.
 */
export function closingTime(spans: readonly HourSpan[], now: number, timezone: string): number | undefined {
  const minute = minuteOfWeek(now, timezone);
  const left = spans.flatMap((span) => openings(span).flatMap((opening) => minutesLeft(opening, minute)));
  if (left.length === 0) return undefined;
  return Math.floor(now / MINUTE_MS) * MINUTE_MS + Math.max(...left) * MINUTE_MS;
}

interface Opening {
  /** From Monday midnight. */
  readonly startMin: number;
  readonly lengthMin: number;
}

function openings({ days = [1, 2, 3, 4, 5, 6, 7], from, to }: HourSpan): readonly Opening[] {
  const fromMin = minuteOfDay(from);
  const lengthMin = (minuteOfDay(to) - fromMin + DAY_MIN) % DAY_MIN || DAY_MIN;
  return days.map((day) => ({ startMin: (day - 1) * DAY_MIN + fromMin, lengthMin }));
}

function minutesLeft({ startMin, lengthMin }: Opening, minute: number): readonly number[] {
  const elapsed = (minute - startMin + WEEK_MIN) % WEEK_MIN;
  return elapsed < lengthMin ? [lengthMin - elapsed] : [];
}

function minuteOfDay(text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return hour * 60 + minute;
}

const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function minuteOfWeek(now: number, timezone: string): number {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  const day = weekdays.indexOf(parts.get('weekday') ?? '');
  return day * DAY_MIN + Number(parts.get('hour')) * 60 + Number(parts.get('minute'));
}
