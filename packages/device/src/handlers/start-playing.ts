import { AppError } from '@cardea/core';
import type { ParamsOf, ResultOf, startPlaying } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleStartPlaying(
  params: ParamsOf<typeof startPlaying>,
  { playbacks, power }: Pick<HandlerContext, 'playbacks' | 'power'>,
): Promise<ResultOf<typeof startPlaying>> {
  if (power.critical) throw new AppError('LOW_BATTERY');
  return await playbacks.start(params);
}
