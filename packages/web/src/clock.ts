/** Time and chance of the browser, passed in so that tests can drive them. */
export interface Clock {
  /** Unix ms. */
  nowMs(): number;
  /** Ms since some start; never jumps. */
  uptimeMs(): number;
  /** Runs `task` once; disposing cancels. */
  after(delayMs: number, task: () => void): Disposable;
  /** Runs `task` again and again; disposing ends it. */
  every(periodMs: number, task: () => void): Disposable;
  /** Uniform in 0..1. */
  random(): number;
}

export const browserClock: Clock = {
  nowMs: () => Date.now(),
  uptimeMs: () => performance.now(),
  after: (delayMs, task) => {
    const timer = setTimeout(task, delayMs);
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
  every: (periodMs, task) => {
    const timer = setInterval(task, periodMs);
    return { [Symbol.dispose]: () => clearInterval(timer) };
  },
  random: () => Math.random(),
};

/** Resolves after `delayMs`, or at once when `signal` aborts. Never rejects. */
export function wait(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(delayMs, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
