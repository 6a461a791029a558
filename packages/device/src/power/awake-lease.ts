import { AppError, type Clock } from '@cardea/core';
import { type keepAwake, type ParamsOf, type ResultOf, sleepTimers } from '@cardea/protocol';
import type { BatteryLevel } from './battery-watch.ts';

/** What is granted at most when the battery is low. */
const WARNED_GRANT_SEC = 30;

/** Until when the platform wants the device to be awake (B5.26). Asked again it is extended, never shortened. */
export class AwakeLease {
  private readonly clock: Clock;
  private untilMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get running(): boolean {
    return this.clock.monotonicMs() < this.untilMs;
  }

  /** @throws AppError LOW_BATTERY */
  extend(
    { durationSec = sleepTimers.keepAwakeDefaultSec }: Pick<ParamsOf<typeof keepAwake>, 'durationSec'>,
    level: BatteryLevel | undefined,
  ): ResultOf<typeof keepAwake> {
    if (level === 'critical') throw new AppError('LOW_BATTERY');
    const nowMs = this.clock.monotonicMs();
    const grantSec = level === 'warning' ? Math.min(durationSec, WARNED_GRANT_SEC) : durationSec;
    this.untilMs = Math.max(this.untilMs, nowMs + grantSec * 1_000);
    const leftMs = this.untilMs - nowMs;
    return { awakeUntil: Math.round(this.clock.now() + leftMs), grantedSec: Math.round(leftMs) / 1_000 };
  }
}
