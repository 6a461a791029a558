import type { Clock, Timer } from '@cardea/core';
import { alarmTimers } from '@cardea/protocol';

/** What is known of an alarm beside its type. */
export interface AlarmDetail {
  /** How sure, 0..1. */
  readonly confidence?: number | undefined;
  /** Ids of the zones it was seen in. */
  readonly zones?: readonly string[] | undefined;
}

export interface OngoingAlarmOptions {
  readonly eventId: string;
  readonly detail: AlarmDetail;
  /** It stops by itself after this; absent: whoever began it stops it. */
  readonly lastsMs?: number | undefined;
  /** Reports a further state of the alarm. */
  readonly report: (state: 'update' | 'stop', detail: AlarmDetail) => void;
  /** Called at intervals of at most `alarmTimers.updateMinIntervalMs` while the alarm lasts, for what has to go on with it. */
  readonly onGoing: () => void;
  readonly onStopped: () => void;
  readonly clock: Clock;
}

/** An alarm between its start and its stop (B5.16): news of it go out at most every five seconds, the newest then. */
export class OngoingAlarm implements Disposable {
  readonly eventId: string;
  private readonly options: OngoingAlarmOptions;
  private detail: AlarmDetail;
  private isNews = false;
  private stopped = false;
  private timer: Timer;
  private readonly end: Timer | undefined;

  constructor(options: OngoingAlarmOptions) {
    this.options = options;
    this.eventId = options.eventId;
    this.detail = options.detail;
    this.timer = this.tickLater();
    if (options.lastsMs !== undefined) this.end = options.clock.setTimer(options.lastsMs, () => this.stop());
  }

  /** More or other is known; says nothing when it is the same. */
  update(detail: AlarmDetail): void {
    if (this.stopped || same(detail, this.detail)) return;
    this.detail = detail;
    this.isNews = true;
  }

  /** It is over. */
  stop(): void {
    if (this.stopped) return;
    this[Symbol.dispose]();
    this.options.report('stop', this.detail);
    this.options.onStopped();
  }

  /** Ends without a word. */
  [Symbol.dispose](): void {
    this.stopped = true;
    this.timer[Symbol.dispose]();
    this.end?.[Symbol.dispose]();
  }

  private tickLater(): Timer {
    return this.options.clock.setTimer(alarmTimers.updateMinIntervalMs, () => {
      this.timer = this.tickLater();
      if (this.isNews) this.options.report('update', this.detail);
      this.isNews = false;
      this.options.onGoing();
    });
  }
}

function same(a: AlarmDetail, b: AlarmDetail): boolean {
  return a.confidence === b.confidence && (a.zones ?? []).join('\n') === (b.zones ?? []).join('\n');
}
