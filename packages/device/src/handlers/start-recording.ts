import { AppError } from '@cardea/core';
import type { ParamsOf, ResultOf, startRecording } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleStartRecording(
  params: ParamsOf<typeof startRecording>,
  { channel, power, recording }: Pick<HandlerContext, 'channel' | 'power' | 'recording'>,
): Promise<ResultOf<typeof startRecording>> {
  channel(params.channel);
  if (power.critical) throw new AppError('LOW_BATTERY');
  return recording.start(params);
}
