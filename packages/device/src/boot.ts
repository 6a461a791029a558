import type { Clock, Random } from '@cardea/core';
import type { PlannedStart } from './state/device-store.ts';
import type { KeepAliveInfo } from './vd/vd-session.ts';

/** One start of the device. */
export class Boot {
  private id: string;
  private why: KeepAliveInfo['bootReason'];
  private upgradeTaskId: string | undefined;
  private readonly clock: Clock;
  private readonly random: Random;
  private startedMs: number;

  constructor(clock: Clock, random: Random, planned: PlannedStart | undefined) {
    this.id = random.ulid();
    this.why = planned?.reason ?? 'powerUp';
    this.upgradeTaskId = planned?.upgradeTaskId;
    this.clock = clock;
    this.random = random;
    this.startedMs = clock.monotonicMs();
  }

  get bootId(): string {
    return this.id;
  }

  /** Why it started: what was planned before the last stop, else somebody switched it on. */
  get reason(): KeepAliveInfo['bootReason'] {
    return this.why;
  }

  /** The upgrade that led to this start. */
  get lastUpgradeTaskId(): string | undefined {
    return this.upgradeTaskId;
  }

  /** The device slept: it has started anew. */
  wake(): void {
    this.id = this.random.ulid();
    this.why = 'wake';
    this.upgradeTaskId = undefined;
    this.startedMs = this.clock.monotonicMs();
  }

  uptimeSec(): number {
    return Math.floor((this.clock.monotonicMs() - this.startedMs) / 1_000);
  }
}
