import type { ParamsOf, ResultOf, snapshot } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleSnapshot(
  params: ParamsOf<typeof snapshot>,
  { snapshots, signal }: Pick<HandlerContext, 'snapshots' | 'signal'>,
): Promise<ResultOf<typeof snapshot>> {
  return await snapshots.capture(params, signal);
}
