import type { Clock } from './clock.ts';
import { AppError } from './errors.ts';

/** Resolves after `delayMs`. @throws AppError CANCELLED when `signal` aborts first. */
export function sleep(clock: Clock, delayMs: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(signal));
    const onAbort = (): void => {
      timer[Symbol.dispose]();
      if (signal !== undefined) reject(cancelled(signal));
    };
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/**
 * Settles as `work` does, or rejects when the deadline passes first; the work itself goes on unless it watches the signal it is given.
 * @throws AppError TIMEOUT after `timeoutMs`; CANCELLED when `signal` aborts.
 */
export async function withDeadline<T>(
  clock: Clock,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<T> {
  const controller = new AbortController();
  const inner = signal === undefined ? controller.signal : AbortSignal.any([controller.signal, signal]);
  using _timer = clock.setTimer(timeoutMs, () => controller.abort(new AppError('TIMEOUT', { timeoutMs })));
  return await Promise.race([work(inner), rejectOnAbort(inner)]);
}

/** Rejects once `signal` aborts; never resolves. */
function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(cancelled(signal));
    signal.addEventListener('abort', () => reject(cancelled(signal)), { once: true });
  });
}

function cancelled(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError ? signal.reason : new AppError('CANCELLED', undefined, { cause: signal.reason });
}
