import { AppError } from '@cardea/core';
import type { ParamsOf, pushLiveVideo, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handlePushLiveVideo(
  params: ParamsOf<typeof pushLiveVideo>,
  { live, power, restarts }: Pick<HandlerContext, 'live' | 'power' | 'restarts'>,
): Promise<ResultOf<typeof pushLiveVideo>> {
  restarts.assertPossible();
  if (power.critical) throw new AppError('LOW_BATTERY');
  return live.push(params);
}
