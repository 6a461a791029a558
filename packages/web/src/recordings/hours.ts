/** The beginning of the hour an instant lies in, as clocks show it here; Unix ms. Time zones of half hours included. */
export function hourStart(instant: number): number {
  return new Date(instant).setMinutes(0, 0, 0);
}

/** The beginning of the day an instant lies in, here. */
export function dayStart(instant: number): number {
  return new Date(instant).setHours(0, 0, 0, 0);
}

/** The beginning of the day `days` later or, negative, earlier; days of 23 and 25 hours included. */
export function addDays(instant: number, days: number): number {
  const date = new Date(dayStart(instant));
  return date.setDate(date.getDate() + days);
}

/** The beginnings of all hours of a day: 24, or 23 or 25 when the clocks change. */
export function hoursOf(day: number): readonly number[] {
  const end = addDays(day, 1);
  const hours: number[] = [];
  for (let hour = dayStart(day); hour < end; hour += 3_600_000) hours.push(hour);
  return hours;
}

/** A day as a date field writes it: `2026-01-31`. */
export function dateValue(day: number): string {
  const date = new Date(day);
  const two = (part: number): string => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The beginning of the day a date field names; `undefined` when it is empty. */
export function dayOfValue(value: string): number | undefined {
  const day = new Date(`${value}T00:00`).getTime();
  return Number.isNaN(day) ? undefined : day;
}
