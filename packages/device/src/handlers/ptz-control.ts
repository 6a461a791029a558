import { AppError } from '@cardea/core';
import type { ParamsOf, ptzControl, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handlePtzControl(
  params: ParamsOf<typeof ptzControl>,
  { channel, config }: Pick<HandlerContext, 'channel' | 'config'>,
): Promise<ResultOf<typeof ptzControl>> {
  const { head } = channel(params.channel);
  if (head === undefined) throw new AppError('NOT_SUPPORTED');
  if (config.text('privacy.mode', params.channel) === 'on') throw new AppError('PRIVACY_MODE');
  return await head.control(params);
}
