import type { ParamsOf, queryPlayingStatus, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleQueryPlayingStatus(
  params: ParamsOf<typeof queryPlayingStatus>,
  { playbacks }: Pick<HandlerContext, 'playbacks'>,
): Promise<ResultOf<typeof queryPlayingStatus>> {
  return playbacks.status(params.sessionId);
}
