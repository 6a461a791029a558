import { AppError, type Clock, type Timer } from '@cardea/core';

/** Authentications at the same time: few, so that messages of devices that are connected come in between. */
const MAX_RUNNING = 8;
const MAX_WAITING = 248;
/** Half of the time a device waits for its connection to open. */
const MAX_WAIT_MS = 5_000;
const MIN_RETRY_AFTER_MS = 2_000;
const MAX_RETRY_AFTER_MS = 60_000;

interface Waiting {
  readonly begin: () => void;
  readonly refuse: () => void;
  readonly deadline: Timer;
}

/**
 * Lets devices in a few at a time. The newest goes first, since whoever waited long may have given up. Those for whom there
 * is no room are sent away with a time of their own to come back at, `returnsPerSec` of them for each second.
 * @see reliability.md C-11
 */
export class Admission {
  private readonly clock: Clock;
  private readonly spacingMs: number;
  private readonly waiting: Waiting[] = [];
  private running = 0;
  private lastReturnMs = 0;

  constructor({ clock, returnsPerSec }: { readonly clock: Clock; readonly returnsPerSec: number }) {
    this.clock = clock;
    this.spacingMs = 1_000 / returnsPerSec;
  }

  /** Does `work` when it is its turn. @throws AppError NO_CAPACITY with `retryAfterMs`, or as `work` */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.running < MAX_RUNNING) this.running += 1;
    else await this.turn();
    try {
      return await work();
    } finally {
      this.next();
    }
  }

  /** Says when to come back. */
  refusal(): AppError {
    const nowMs = this.clock.monotonicMs();
    this.lastReturnMs = Math.max(this.lastReturnMs + this.spacingMs, nowMs + MIN_RETRY_AFTER_MS);
    if (this.lastReturnMs > nowMs + MAX_RETRY_AFTER_MS) this.lastReturnMs = nowMs + MIN_RETRY_AFTER_MS;
    return new AppError('NO_CAPACITY', undefined, { retryAfterMs: this.lastReturnMs - nowMs });
  }

  private turn(): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (): void => reject(this.refusal());
      const deadline = this.clock.setTimer(MAX_WAIT_MS, () => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        refuse();
      });
      const entry: Waiting = { begin: resolve, refuse, deadline };
      this.waiting.push(entry);
      if (this.waiting.length > MAX_WAITING) this.end(this.waiting.shift())?.refuse();
    });
  }

  /** The place of who is done goes to who came last. */
  private next(): void {
    const newest = this.end(this.waiting.pop());
    if (newest === undefined) this.running -= 1;
    else newest.begin();
  }

  private end(entry: Waiting | undefined): Waiting | undefined {
    entry?.deadline[Symbol.dispose]();
    return entry;
  }
}
