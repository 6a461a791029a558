import { readFileSync } from 'node:fs';

/** What a process needs besides: its files, the connections it makes, the ports beside that of HTTP. */
const OWN_DESCRIPTORS = 64;
const SHARE = 0.9;

/**
 * How many connections a server takes so that the process keeps descriptors for its own work, and refuses more instead of
 * failing at whatever it opens next; `undefined` where the system does not say how many descriptors there are.
 */
export function connectionLimit(limits = readLimits()): number | undefined {
  const [, soft] = /^Max open files +(\d+)/m.exec(limits) ?? [];
  return soft === undefined ? undefined : Math.max(1, Math.min(Math.floor(Number(soft) * SHARE), Number(soft) - OWN_DESCRIPTORS));
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8');
  } catch {
    return '';
  }
}
