import { AppError } from '@cardea/core';
import type { ParamsOf, ResultOf, triggerAlarm } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleTriggerAlarm(
  params: ParamsOf<typeof triggerAlarm>,
  { channel, config, alarms }: Pick<HandlerContext, 'channel' | 'config' | 'alarms'>,
): Promise<ResultOf<typeof triggerAlarm>> {
  channel(params.channel);
  if (config.text('privacy.mode', params.channel) === 'on') throw new AppError('PRIVACY_MODE');
  return { eventId: await alarms.raise(params) };
}
