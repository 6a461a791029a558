import type { HourSpan } from '@cardea/api';
import { hoursWithin, type WeekHours } from '@cardea/core';

const LOOK_AHEAD_MS = 2 * 86_400_000;

/** When the hours that are open now close, on the clocks of `timezone`, at most two days ahead; `undefined` when none are open. */
export function closingTime(spans: readonly HourSpan[], now: number, timezone: string): number | undefined {
  const [open] = hoursWithin(spans.map(weekHoursOf), { from: now, to: now + LOOK_AHEAD_MS }, timezone);
  return open?.from === now ? open.to : undefined;
}

/** The same hours in seconds of a day. */
export function weekHoursOf({ days = [1, 2, 3, 4, 5, 6, 7], from, to }: HourSpan): WeekHours {
  return { days: days.map((day) => day % 7), startSec: secondOfDay(from), endSec: secondOfDay(to) };
}

function secondOfDay(text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return (hour * 60 + minute) * 60;
}
