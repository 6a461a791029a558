import { setTimeout as delay } from 'node:timers/promises';

/**
 * Resolves with the first value of `look` that is not `undefined`. For conditions of another process that announces nothing:
 * what can be waited for by an event should be.
 * @throws Error naming `what` after `timeoutMs`
 */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>, timeoutMs = 30_000): Promise<T> {
  const deadline = AbortSignal.timeout(timeoutMs);
  let last: unknown;
  while (!deadline.aborted) {
    const found = await look().catch((error: unknown) => {
      last = error;
      return undefined;
    });
    if (found !== undefined) return found;
    await delay(100);
  }
  throw new Error(`${what} did not happen within ${timeoutMs} ms`, { cause: last });
}
