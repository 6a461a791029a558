import type { AnswerOf, RouteOf } from '@cardea/api';

type HourSpan = NonNullable<AnswerOf<RouteOf<'retention.ofDevice'>>['schedule']>[number];

/** Hours of a week that are chosen: `day * 24 + hour`, day 0 is Monday. */
export type WeekCells = ReadonlySet<number>;

export const DAYS = 7;
export const HOURS = 24;
const WEEK = DAYS * HOURS;
/** As many parts as the platform takes. */
export const MAX_SPANS = 28;

export const allCells: WeekCells = new Set(Array.from({ length: WEEK }, (_, cell) => cell));

export function cellOf(day: number, hour: number): number {
  return day * HOURS + hour;
}

/** The hours any part of which is in `spans`. */
export function cellsOf(spans: readonly HourSpan[]): WeekCells {
  const cells = new Set<number>();
  for (const { days = [1, 2, 3, 4, 5, 6, 7], from, to } of spans) {
    const startMin = minuteOf(from);
    const endMin = minuteOf(to) + (minuteOf(to) <= startMin ? HOURS * 60 : 0);
    for (const day of days) {
      const first = Math.floor(startMin / 60);
      const last = Math.ceil(endMin / 60);
      for (let hour = first; hour < last; hour += 1) cells.add((cellOf(day - 1, hour) + WEEK) % WEEK);
    }
  }
  return cells;
}

/** The same hours as the platform takes them: days with the same hours together. */
export function spansOf(cells: WeekCells): readonly HourSpan[] {
  const daysOf = new Map<string, number[]>();
  for (let day = 0; day < DAYS; day += 1) {
    for (const run of runsOf(day, cells)) daysOf.set(run, [...(daysOf.get(run) ?? []), day + 1]);
  }
  return [...daysOf].map(([run, days]) => {
    const [from = '', to = ''] = run.split(' ');
    return { ...(days.length < DAYS && { days }), from, to };
  });
}

/** The cells with those of a rectangle chosen, or not. */
export function painted(cells: WeekCells, corners: readonly [number, number], on: boolean): WeekCells {
  const days = corners.map((cell) => Math.floor(cell / HOURS));
  const hours = corners.map((cell) => cell % HOURS);
  const changed = new Set(cells);
  for (let day = Math.min(...days); day <= Math.max(...days); day += 1) {
    for (let hour = Math.min(...hours); hour <= Math.max(...hours); hour += 1) {
      if (on) changed.add(cellOf(day, hour));
      else changed.delete(cellOf(day, hour));
    }
  }
  return changed;
}

export function isSameWeek(one: WeekCells, other: WeekCells): boolean {
  return one.size === other.size && [...one].every((cell) => other.has(cell));
}

function runsOf(day: number, cells: WeekCells): readonly string[] {
  const runs: string[] = [];
  for (let from = 0; from < HOURS; from += 1) {
    if (!cells.has(cellOf(day, from))) continue;
    let to = from + 1;
    while (to < HOURS && cells.has(cellOf(day, to))) to += 1;
    runs.push(`${clockOf(from)} ${clockOf(to)}`);
    from = to;
  }
  return runs;
}

function clockOf(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

function minuteOf(text: string): number {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  return hour * 60 + minute;
}
