import type { Clock } from '@cardea/core';

/** Lets a loop sleep until something changed. A change while the loop is awake is not kept: the loop looks before it sleeps. */
export class Wakeup {
  private readonly clock: Clock;
  private resume: (() => void) | undefined;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Ends the sleep that is going on. */
  notify(): void {
    this.resume?.();
  }

  /** Resolves at the next `notify` or after `timeoutMs`. One sleeper at a time. */
  async sleep(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.resume = resolve;
    using _timer = this.clock.setTimer(timeoutMs, resolve);
    await promise;
    this.resume = undefined;
  }
}
