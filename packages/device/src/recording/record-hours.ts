import { type Clock, hoursWithin, type Timer, type WeekHours } from '@cardea/core';
import { conforms, RecordSchedule } from '@cardea/protocol';
import type { Configuration } from '../configuration.ts';
import type { RecordSide } from './segment-entry.ts';

export interface RecordHoursOptions {
  readonly config: Configuration;
  readonly clock: Clock;
  /** Another mode holds now, or may: modes are to be asked again. */
  readonly onChange: () => void;
}

/** Where the wall clock is set meanwhile, hours begin and end this much late. */
const LOOK_AHEAD_MS = 60_000;
const sides: readonly RecordSide[] = ['cloud', 'local'];

/** What each channel is to record at the time of day, by its configuration: schedules hold with or without a platform (C-18). */
export class RecordHours implements Disposable {
  private readonly options: RecordHoursOptions;
  private timer: Timer | undefined;

  constructor(options: RecordHoursOptions) {
    this.options = options;
  }

  /** What `record.{side}.mode` means now. */
  mode(side: RecordSide, channel: number): 'off' | 'event' | 'continuous' {
    const mode = this.options.config.text(`record.${side}.mode`, channel);
    if (mode === 'schedule') return this.scheduled(side, channel);
    return mode === 'event' || mode === 'continuous' ? mode : 'off';
  }

  /** Calls `onChange` when hours of one of these channels begin or end. */
  watch(channels: readonly number[]): void {
    this[Symbol.dispose]();
    const places = sides.flatMap((side) => channels.map((channel) => this.schedule(side, channel)));
    const waits = places.filter((hours) => hours.length > 0).map((hours) => this.untilChangeMs(hours));
    if (waits.length > 0) this.timer = this.options.clock.setTimer(Math.min(...waits), this.options.onChange);
  }

  [Symbol.dispose](): void {
    this.timer?.[Symbol.dispose]();
    this.timer = undefined;
  }

  private scheduled(side: RecordSide, channel: number): 'off' | 'event' | 'continuous' {
    const open = this.schedule(side, channel).filter((hours) => this.stretches([hours], 1).length > 0);
    if (open.length === 0) return 'off';
    return open.every(({ mode }) => mode === 'event') ? 'event' : 'continuous';
  }

  /** Of the parts by themselves: where one ends within another, the mode may change. */
  private untilChangeMs(schedule: RecordSchedule): number {
    const now = this.options.clock.now();
    const ends = schedule.flatMap((hours) => this.stretches([hours], LOOK_AHEAD_MS).flatMap(({ from, to }) => [from - now, to - now]));
    return Math.min(LOOK_AHEAD_MS, ...ends.filter((waitMs) => waitMs > 0));
  }

  private stretches(hours: readonly WeekHours[], lengthMs: number) {
    const { clock, config } = this.options;
    const now = clock.now();
    return hoursWithin(hours, { from: now, to: now + lengthMs }, config.text('device.timezone'));
  }

  private schedule(side: RecordSide, channel: number): RecordSchedule {
    const { config } = this.options;
    const schedule = config.text(`record.${side}.mode`, channel) === 'schedule' && config.value(`record.${side}.schedule`, channel);
    return conforms(RecordSchedule, schedule) ? schedule : [];
  }
}
