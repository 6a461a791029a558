import type { Clock, Random } from '@cardea/core';
import type { PlannedStart } from './state/device-store.ts';
import type { KeepAliveInfo } from './vd/vd-session.ts';

/** One start of the device. */
export class Boot {
  readonly bootId: string;
  /** Why it started: what was planned before the last stop, else somebody switched it on. */
  readonly reason: KeepAliveInfo['bootReason'];
  /** The upgrade that led to this start. */
  readonly lastUpgradeTaskId: string | undefined;
  private readonly clock: Clock;
  private readonly startedMs: number;

  constructor(clock: Clock, random: Random, planned: PlannedStart | undefined) {
    this.bootId = random.ulid();
    this.reason = planned?.reason ?? 'powerUp';
    this.lastUpgradeTaskId = planned?.upgradeTaskId;
    this.clock = clock;
    this.startedMs = clock.monotonicMs();
  }

  uptimeSec(): number {
    return Math.floor((this.clock.monotonicMs() - this.startedMs) / 1_000);
  }
}
