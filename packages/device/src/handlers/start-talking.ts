import type { ParamsOf, ResultOf, startTalking } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleStartTalking(
  params: ParamsOf<typeof startTalking>,
  { talks }: Pick<HandlerContext, 'talks'>,
): Promise<ResultOf<typeof startTalking>> {
  return talks.start(params);
}
