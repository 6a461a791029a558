import type { BodyOf, RouteOf } from '@cardea/api';
import type { Retention } from '../api/queries.ts';
import { allCells, cellsOf, isSameWeek, MAX_SPANS, spansOf, type WeekCells } from './week-cells.ts';

/** What the form asks for. */
export interface RecordingChoice {
  readonly mode: 'camera' | Retention['mode'];
  /** `undefined`: at all hours. */
  readonly hours: WeekCells | undefined;
  readonly streams: 'camera' | Retention['streams'];
  readonly days: string;
  /** Empty: as the others. */
  readonly eventDays: string;
}

type Change = BodyOf<RouteOf<'retention.changeDevice'>>;

export const MAX_DAYS = 3_650;

export function choiceOf({ mode, cameraDecides = [], schedule, streams, days, eventDays }: Retention): RecordingChoice {
  return {
    mode: cameraDecides.includes('mode') ? 'camera' : mode,
    hours: schedule && cellsOf(schedule),
    streams: cameraDecides.includes('streams') ? 'camera' : streams,
    days: String(days),
    eventDays: eventDays === undefined ? '' : String(eventDays),
  };
}

/** What is wrong with the hours, if anything. */
export function faultOf({ hours }: RecordingChoice): 'noHours' | 'manyHours' | undefined {
  if (hours === undefined) return undefined;
  if (hours.size === 0) return 'noHours';
  return spansOf(hours).length > MAX_SPANS ? 'manyHours' : undefined;
}

/** The part of the choice that differs from what holds; what nobody touched is not said again. */
export function changeOf(choice: RecordingChoice, before: RecordingChoice): Change {
  const { mode, hours, streams, days, eventDays } = choice;
  const isSameHours = isSameWeek(hours ?? allCells, before.hours ?? allCells);
  return {
    ...(mode !== before.mode && { mode: mode === 'camera' ? null : mode }),
    // Hours without anything said of what to record would say it.
    ...(mode === 'camera' ? before.hours !== undefined && { schedule: null } : !isSameHours && { schedule: [...partsOf(hours)] }),
    ...(streams !== before.streams && { streams: streams === 'camera' ? null : streams }),
    ...(days !== before.days && { days: Number(days) }),
    ...(eventDays !== before.eventDays && { eventDays: eventDays === '' ? null : Number(eventDays) }),
  };
}

function partsOf(hours: WeekCells | undefined) {
  return hours === undefined || hours.size === allCells.size ? [] : spansOf(hours);
}
