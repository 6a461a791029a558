import type { ParamsOf, ResultOf, uploadLog } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleUploadLog(
  params: ParamsOf<typeof uploadLog>,
  { logs }: Pick<HandlerContext, 'logs'>,
): Promise<ResultOf<typeof uploadLog>> {
  return await logs.start(params);
}
