import type { controlPlaying, ParamsOf, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleControlPlaying(
  params: ParamsOf<typeof controlPlaying>,
  { playbacks }: Pick<HandlerContext, 'playbacks'>,
): Promise<ResultOf<typeof controlPlaying>> {
  return await playbacks.control(params);
}
