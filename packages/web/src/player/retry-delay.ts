const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** How long to wait after `failures` failures in a row: doubling, scattered by half, at most 15 s. `random` is uniform in 0..1. */
export function retryDelayMs(failures: number, random: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) * (0.5 + random / 2);
}
