import type { CampaignRequest } from '@cardea/api';
import { AppError } from '@cardea/core';
import { hasEnded, hasFailed, type TaskRow } from './upgrade-state.ts';

export const DEFAULT_CANARY = 1;
export const DEFAULT_WAVES: readonly number[] = [10, 50, 100];
export const DEFAULT_HALT_AT_FAILURE_PCT = 3;

/**
 * How many devices go in each wave; the first is the canary. No wave is empty.
 * @throws AppError INVALID_PARAMS unless the shares rise and end at 100
 */
export function waveSizes(count: number, { canary = DEFAULT_CANARY, waves = [...DEFAULT_WAVES] }: CampaignRequest): readonly number[] {
  const rises = waves.every((share, index) => share > (waves[index - 1] ?? 0));
  if (!rises || waves.at(-1) !== 100)
    throw new AppError('INVALID_PARAMS', { problems: [{ path: '/waves', message: 'has to rise and end at 100' }] });
  const first = Math.min(canary, count);
  const reached = waves.map((share) => first + Math.ceil(((count - first) * share) / 100));
  return [first, ...reached.map((end, index) => end - (reached[index - 1] ?? first))].filter((size) => size > 0);
}

/** What to do with a wave. */
export function judgeWave(tasks: readonly TaskRow[], haltAtFailurePct: number): 'halt' | 'wait' | 'next' {
  const failures = tasks.filter(hasFailed).length;
  if (failures > 0 && (100 * failures) / tasks.length >= haltAtFailurePct) return 'halt';
  return tasks.every(hasEnded) ? 'next' : 'wait';
}
