/** What a sensor saw in a moment. */
export interface MotionReading {
  /** How much moves against what counts as motion: from 1 on it does. */
  readonly level: number;
  /** Ids of the zones in which it moves; empty where a sensor cannot tell. */
  readonly zones: readonly string[];
}

/**
 * A threshold for sensitivity 1..10 between that of the dullest and that of the sharpest setting, in even proportions.
 */
export function thresholdFor(sensitivity: number, { dullest, sharpest }: { readonly dullest: number; readonly sharpest: number }): number {
  return dullest * (sharpest / dullest) ** ((sensitivity - 1) / 9);
}
