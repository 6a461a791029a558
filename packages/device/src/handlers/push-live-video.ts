import type { ParamsOf, pushLiveVideo, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handlePushLiveVideo(
  params: ParamsOf<typeof pushLiveVideo>,
  { live }: Pick<HandlerContext, 'live'>,
): Promise<ResultOf<typeof pushLiveVideo>> {
  return live.push(params);
}
