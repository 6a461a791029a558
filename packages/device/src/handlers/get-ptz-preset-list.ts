import { AppError } from '@cardea/core';
import type { getPtzPresetList, ParamsOf, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleGetPtzPresetList(
  params: ParamsOf<typeof getPtzPresetList>,
  { channel }: Pick<HandlerContext, 'channel'>,
): Promise<ResultOf<typeof getPtzPresetList>> {
  const { head } = channel(params.channel);
  if (head === undefined) throw new AppError('NOT_SUPPORTED');
  return head.presets();
}
