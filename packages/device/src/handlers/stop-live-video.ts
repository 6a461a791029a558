import type { ParamsOf, ResultOf, stopLiveVideo } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleStopLiveVideo(
  params: ParamsOf<typeof stopLiveVideo>,
  { live }: Pick<HandlerContext, 'live'>,
): Promise<ResultOf<typeof stopLiveVideo>> {
  return { stopped: live.stop(params) };
}
