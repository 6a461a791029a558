import type { getBinding, ParamsOf, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleGetBinding(
  _params: ParamsOf<typeof getBinding>,
  { binding }: Pick<HandlerContext, 'binding'>,
): Promise<ResultOf<typeof getBinding>> {
  return binding.report();
}
