import type { ParamsOf, ResultOf, rebootChannel } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleRebootChannel(
  { channel: number }: ParamsOf<typeof rebootChannel>,
  { channel, restarts, restartChannel }: Pick<HandlerContext, 'channel' | 'restarts' | 'restartChannel'>,
): Promise<ResultOf<typeof rebootChannel>> {
  channel(number);
  restarts.assertPossible();
  return { accepted: true, expectedDownTimeSec: restartChannel(number) / 1_000 };
}
