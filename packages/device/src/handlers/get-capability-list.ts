import type { getCapabilityList, ParamsOf, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleGetCapabilityList(
  _params: ParamsOf<typeof getCapabilityList>,
  { capabilities }: Pick<HandlerContext, 'capabilities'>,
): Promise<ResultOf<typeof getCapabilityList>> {
  return capabilities();
}
