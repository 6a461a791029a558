/**
 * Time as a dependency. Wall time is data; durations, deadlines and ordering use the monotonic side.
 * All instants are integer Unix milliseconds UTC, all durations milliseconds.
 */
export interface Clock {
  /** Wall time now; may jump. */
  now(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** Runs `action` once after `delayMs`; disposing the timer before that prevents it. */
  setTimer(delayMs: number, action: () => void): Timer;
}

export interface Timer extends Disposable {
  [Symbol.dispose](): void;
}

// setTimeout fires at once for anything above 2^31-1 ms.
const MAX_TIMER_MS = 2_147_483_647;

/** The clock of the machine. Its timers do not keep the process alive by themselves. */
export class SystemClock implements Clock {
  now(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now();
  }

  setTimer(delayMs: number, action: () => void): Timer {
    const handle = setTimeout(action, Math.min(Math.max(0, delayMs), MAX_TIMER_MS));
    handle.unref();
    return { [Symbol.dispose]: () => clearTimeout(handle) };
  }
}

interface PendingTimer {
  readonly atMs: number;
  readonly order: number;
  readonly action: () => void;
}

/** A clock that moves only when told to, for tests. Wall and monotonic time can be moved apart with `jump`. */
export class VirtualClock implements Clock {
  private wallOffsetMs: number;
  private elapsedMs = 0;
  private order = 0;
  private readonly timers = new Set<PendingTimer>();

  constructor(startAt = 1_767_225_600_000) {
    this.wallOffsetMs = startAt;
  }

  now(): number {
    return Math.round(this.wallOffsetMs + this.elapsedMs);
  }

  monotonicMs(): number {
    return this.elapsedMs;
  }

  setTimer(delayMs: number, action: () => void): Timer {
    const timer: PendingTimer = { atMs: this.elapsedMs + Math.max(0, delayMs), order: this.order++, action };
    this.timers.add(timer);
    return { [Symbol.dispose]: () => void this.timers.delete(timer) };
  }

  /** How many timers wait; a test of disposal asks for 0. */
  get pendingTimers(): number {
    return this.timers.size;
  }

  /** Moves the wall clock alone, as a clock correction or daylight saving bug would. */
  jump(byMs: number): void {
    this.wallOffsetMs += byMs;
  }

  /** Moves time on by `byMs`, running due timers in order and letting promises settle after each. */
  async advance(byMs: number): Promise<void> {
    const targetMs = this.elapsedMs + byMs;
    await settle();
    for (let next = this.nextDue(targetMs); next !== undefined; next = this.nextDue(targetMs)) {
      this.timers.delete(next);
      this.elapsedMs = Math.max(this.elapsedMs, next.atMs);
      next.action();
      await settle();
    }
    this.elapsedMs = targetMs;
  }

  private nextDue(targetMs: number): PendingTimer | undefined {
    let due: PendingTimer | undefined;
    for (const timer of this.timers) {
      if (timer.atMs > targetMs) continue;
      if (due === undefined || timer.atMs < due.atMs || (timer.atMs === due.atMs && timer.order < due.order)) due = timer;
    }
    return due;
  }
}

// One macrotask lets every promise chain that is already runnable finish, whatever its depth.
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
