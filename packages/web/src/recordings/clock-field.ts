/** A time of day as a time field writes it: `14:05:09`. */
export function clockValue(instant: number): string {
  const date = new Date(instant);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** The instant a time field names on the day of `day`; `undefined` when it is empty. */
export function clockInstant(day: number, value: string): number | undefined {
  const [, hours, minutes, seconds = '0'] = /^(\d\d):(\d\d)(?::(\d\d))?/.exec(value) ?? [];
  return hours === undefined ? undefined : new Date(day).setHours(Number(hours), Number(minutes), Number(seconds), 0);
}
