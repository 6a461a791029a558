import type { Clock, Random } from '@cardea/core';

/** One start of the device. */
export class Boot {
  readonly bootId: string;
  private readonly clock: Clock;
  private readonly startedMs: number;

  constructor(clock: Clock, random: Random) {
    this.bootId = random.ulid();
    this.clock = clock;
    this.startedMs = clock.monotonicMs();
  }

  uptimeSec(): number {
    return Math.floor((this.clock.monotonicMs() - this.startedMs) / 1_000);
  }
}
