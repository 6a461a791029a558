import type { ParamsOf, ResultOf, requestKeyframe } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleRequestKeyframe(
  { sessionId }: ParamsOf<typeof requestKeyframe>,
  { live }: Pick<HandlerContext, 'live'>,
): Promise<ResultOf<typeof requestKeyframe>> {
  return { at: live.requestKeyframe(sessionId) };
}
