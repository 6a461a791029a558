/** Resolves after `delayMs`, or at once when `signal` aborts. Never rejects. */
export type Wait = (delayMs: number, signal: AbortSignal) => Promise<void>;

/** `Wait` on the timers of the browser or Node. */
export const waitWithTimer: Wait = (delayMs, signal) =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    signal.addEventListener('abort', end, { once: true });
  });
