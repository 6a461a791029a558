import type { Clock, Timer } from '@cardea/core';
import type { AlarmDetail, OngoingAlarm } from '../alarms/ongoing-alarm.ts';
import type { MotionReading } from './motion-reading.ts';

export interface MotionEpisodesOptions {
  /** After an alarm ended none begins for so long. */
  readonly blindMs: number;
  /** An alarm ends after this, also when the motion goes on. */
  readonly maxMs: number;
  /** Resolves with nothing when no alarm may be raised now. */
  readonly begin: (detail: AlarmDetail) => Promise<Pick<OngoingAlarm, 'update' | 'stop'> | undefined>;
  readonly clock: Clock;
}

/** One reading may be noise. */
const READINGS_TO_BEGIN = 2;
/** Without motion for this long it is over. */
const QUIET_MS = 3_000;
const CONFIDENCE_STEP = 10;

type Alarm = Pick<OngoingAlarm, 'update' | 'stop'>;

/** Makes alarms of readings: one from the beginning of motion to its end, then a blind interval. */
export class MotionEpisodes implements Disposable {
  private readonly options: MotionEpisodesOptions;
  private alarm: Promise<Alarm | undefined> | undefined;
  private inRow = 0;
  private longest: Timer | undefined;
  private movedMs = 0;
  private blindUntilMs = Number.NEGATIVE_INFINITY;
  private highestLevel = 0;
  private readonly zones = new Set<string>();

  constructor(options: MotionEpisodesOptions) {
    this.options = options;
  }

  take({ level, zones }: MotionReading): void {
    const nowMs = this.options.clock.monotonicMs();
    const moves = level >= 1;
    this.inRow = moves ? this.inRow + 1 : 0;
    if (moves) this.movedMs = nowMs;
    if (this.alarm === undefined) {
      if (this.inRow >= READINGS_TO_BEGIN && nowMs >= this.blindUntilMs) this.start({ level, zones });
    } else if (nowMs - this.movedMs >= QUIET_MS) {
      this[Symbol.dispose]();
    } else if (moves) {
      this.learn({ level, zones });
      this.tell((alarm) => alarm.update(this.detail));
    }
  }

  /** Ends the alarm that goes on, if one does. */
  [Symbol.dispose](): void {
    if (this.alarm === undefined) return;
    this.longest?.[Symbol.dispose]();
    this.tell((alarm) => alarm.stop());
    this.alarm = undefined;
    this.blindUntilMs = this.options.clock.monotonicMs() + this.options.blindMs;
  }

  private start(reading: MotionReading): void {
    const { begin, clock, maxMs } = this.options;
    this.longest = clock.setTimer(maxMs, () => this[Symbol.dispose]());
    this.highestLevel = 0;
    this.zones.clear();
    this.learn(reading);
    this.alarm = begin(this.detail);
  }

  private learn({ level, zones }: MotionReading): void {
    this.highestLevel = Math.max(this.highestLevel, level);
    for (const zone of zones) this.zones.add(zone);
  }

  /** In steps of a tenth, so that what is nearly the same is not news. */
  private get detail(): AlarmDetail {
    const confidence = Math.round((this.highestLevel / (this.highestLevel + 1)) * CONFIDENCE_STEP) / CONFIDENCE_STEP;
    return { confidence, zones: [...this.zones].sort() };
  }

  private tell(news: (alarm: Alarm) => void): void {
    // A start that could not be reported has no later states; whoever raises alarms has logged it.
    this.alarm?.then((alarm) => alarm && news(alarm)).catch(() => {});
  }
}
