const MAX_RETRY_AFTER_MS = 24 * 60 * 60 * 1_000;

/** Milliseconds a `Retry-After` header asks for (RFC 9110 10.2.3), both forms, at most a day. `now` is wall time. */
export function retryAfterMs(header: string | null | undefined, now: number): number | undefined {
  if (header === null || header === undefined || header === '') return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS) : undefined;
}
