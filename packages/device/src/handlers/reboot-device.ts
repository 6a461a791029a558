import type { ParamsOf, ResultOf, rebootDevice } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleRebootDevice(
  params: ParamsOf<typeof rebootDevice>,
  { restarts, logger }: Pick<HandlerContext, 'restarts' | 'logger'>,
): Promise<ResultOf<typeof rebootDevice>> {
  const answer = await restarts.plan(params);
  logger.info({ mode: params.mode, reason: params.reason, rebootAt: answer.rebootAt }, 'asked to restart');
  return answer;
}
