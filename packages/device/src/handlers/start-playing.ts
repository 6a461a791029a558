import type { ParamsOf, ResultOf, startPlaying } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleStartPlaying(
  params: ParamsOf<typeof startPlaying>,
  { playbacks }: Pick<HandlerContext, 'playbacks'>,
): Promise<ResultOf<typeof startPlaying>> {
  return await playbacks.start(params);
}
