/** Part of a week, on the clocks of a place. */
export interface WeekHours {
  /** Days on which it begins, 0 = Sunday. */
  readonly days: readonly number[];
  /** Seconds after midnight by the clock, 0 to 86400. */
  readonly startSec: number;
  /** Seconds after midnight; not after `startSec`: of the day that follows. */
  readonly endSec: number;
}

/** A stretch of time, Unix milliseconds; `to` is not part of it. */
interface Stretch {
  readonly from: number;
  readonly to: number;
}

const DAY_MS = 86_400_000;
/** Clocks of every zone in use change on quarters of an hour UTC. */
const QUARTER_MS = 15 * 60_000;
/** 1970-01-01 was a Thursday. */
const FIRST_WEEKDAY = 4;
/** More zones than there are. */
const MAX_FORMATS = 1_000;

/**
 * The stretches of `range` (Unix ms) that lie within any of `hours` on the clocks of an IANA zone, joined and in order. Exact
 * where clocks change: an hour that comes twice counts twice, one that is left out not at all.
 * @throws RangeError for a zone that does not exist
 */
export function hoursWithin(hours: readonly WeekHours[], range: Stretch, timezone: string): readonly Stretch[] {
  const found = ofOneOffset(range, timezone).flatMap(({ from, to, offsetMs }) =>
    hours
      .flatMap((part) => openings(part, { from: from + offsetMs, to: to + offsetMs }))
      .map((opening) => ({ from: opening.from - offsetMs, to: opening.to - offsetMs })),
  );
  return joined(found);
}

/** The times of `part` within `local`, both as if the clock showed UTC. */
function openings({ days, startSec, endSec }: WeekHours, local: Stretch): readonly Stretch[] {
  const lengthMs = (endSec - startSec) * 1_000 + (endSec <= startSec ? DAY_MS : 0);
  const found: Stretch[] = [];
  for (let day = Math.floor(local.from / DAY_MS) - 2; day * DAY_MS < local.to; day += 1) {
    if (!days.includes((((day + FIRST_WEEKDAY) % 7) + 7) % 7)) continue;
    const start = day * DAY_MS + startSec * 1_000;
    const opening = { from: Math.max(start, local.from), to: Math.min(start + lengthMs, local.to) };
    if (opening.from < opening.to) found.push(opening);
  }
  return found;
}

/** `range` in pieces in which clocks do not change. */
function ofOneOffset({ from, to }: Stretch, timezone: string): readonly (Stretch & { readonly offsetMs: number })[] {
  if (from >= to) return [];
  const offsetMs = offsetAt(from, timezone);
  const short = to - from <= 2 * QUARTER_MS;
  const middle = short ? (Math.floor(from / QUARTER_MS) + 1) * QUARTER_MS : Math.round((from + to) / 2 / QUARTER_MS) * QUARTER_MS;
  // No zone changes its clocks and changes them back within a day.
  if (middle >= to || (to - from <= DAY_MS && offsetMs === offsetAt(to - 1, timezone))) return [{ from, to, offsetMs }];
  return [...ofOneOffset({ from, to: middle }, timezone), ...ofOneOffset({ from: middle, to }, timezone)];
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** How far the clocks of the zone are ahead of UTC. */
function offsetAt(instant: number, timezone: string): number {
  const parts = new Map(
    formatOf(timezone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const at = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  const local = Date.UTC(at('year'), at('month') - 1, at('day'), at('hour'), at('minute'), at('second'));
  return local - Math.floor(instant / 1_000) * 1_000;
}

function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' } as const;
  const made = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, calendar: 'gregory', hourCycle: 'h23', ...numeric });
  if (formats.size < MAX_FORMATS) formats.set(timezone, made);
  return made;
}

function joined(stretches: readonly Stretch[]): readonly Stretch[] {
  const whole: { from: number; to: number }[] = [];
  for (const { from, to } of stretches.toSorted((one, other) => one.from - other.from)) {
    const last = whole.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else whole.push({ from, to });
  }
  return whole;
}
