const units = [
  { unit: 'day', ms: 86_400_000 },
  { unit: 'hour', ms: 3_600_000 },
  { unit: 'minute', ms: 60_000 },
  { unit: 'second', ms: 1_000 },
] as const;

/** A duration in its largest whole unit, e.g. `12 sec`, `3 min`; at least one second. */
export function durationText(durationMs: number, locale?: string): string {
  const { unit, ms } = units.find((candidate) => durationMs >= candidate.ms) ?? { unit: 'second', ms: 1_000 };
  const count = Math.max(1, Math.floor(durationMs / ms));
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' }).format(count);
}

/** Time left as `9:05`. */
export function countdownText(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function isSameDay(a: number, b: number, { timeZone }: TextOptions): boolean {
  const day = new Intl.DateTimeFormat('en', { dateStyle: 'short', timeZone });
  return day.format(a) === day.format(b);
}

interface TextOptions {
  readonly locale?: string;
  readonly timeZone?: string;
}

/** An instant as people say it: the time today, with the day otherwise. */
export function instantText(instant: number, now: number, options: TextOptions = {}): string {
  return withDay(minuteText(instant, options), { instant, now, options });
}

/** An instant to the second, with the day unless it is today. */
export function momentText(instant: number, now: number, options: TextOptions = {}): string {
  return withDay(clockText(instant, options), { instant, now, options });
}

function withDay(
  time: string,
  { instant, now, options }: { readonly instant: number; readonly now: number; readonly options: TextOptions },
) {
  if (isSameDay(instant, now, options)) return time;
  const { locale, timeZone } = options;
  return `${new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', timeZone }).format(instant)}, ${time}`;
}

/** The time of day to the second. */
export function clockText(instant: number, { locale, timeZone }: TextOptions = {}): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: 'medium', timeZone }).format(instant);
}

/** The time of day to the minute. */
export function minuteText(instant: number, { locale, timeZone }: TextOptions = {}): string {
  return new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone }).format(instant);
}

/** 2024-01-01 was a Monday. */
const A_MONDAY = Date.UTC(2024, 0, 1);

/** The name of a day of the week, 0 = Monday. */
export function weekdayText(day: number, length: 'short' | 'long', locale?: string): string {
  return new Intl.DateTimeFormat(locale, { weekday: length, timeZone: 'UTC' }).format(A_MONDAY + day * 86_400_000);
}

/** The hour of the day. */
export function hourText(instant: number, { locale, timeZone }: TextOptions = {}): string {
  return new Intl.DateTimeFormat(locale, { hour: 'numeric', timeZone }).format(instant);
}

/** The time of day to the minute, where the half of the day is clear. */
export function bareMinuteText(instant: number, { locale, timeZone }: TextOptions = {}): string {
  const parts = new Intl.DateTimeFormat(locale, { timeStyle: 'short', timeZone }).formatToParts(instant);
  const bare = parts.filter(({ type }) => type !== 'dayPeriod').map(({ value }) => value);
  return bare.join('').trim();
}

/** An amount of storage, e.g. `1.2 GB`. */
export function bytesText(bytes: number, locale?: string): string {
  const steps = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const step = Math.min(steps.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const options = { style: 'unit', unit: steps[step] ?? 'byte', unitDisplay: 'short', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale, options).format(bytes / 1_000 ** step);
}
