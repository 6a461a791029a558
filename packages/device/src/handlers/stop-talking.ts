import type { ParamsOf, ResultOf, stopTalking } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleStopTalking(
  { sessionId }: ParamsOf<typeof stopTalking>,
  { talks }: Pick<HandlerContext, 'talks'>,
): Promise<ResultOf<typeof stopTalking>> {
  return { stopped: talks.stop(sessionId) };
}
