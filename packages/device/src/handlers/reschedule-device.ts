import type { ParamsOf, ResultOf, rescheduleDevice } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleRescheduleDevice(
  params: ParamsOf<typeof rescheduleDevice>,
  { connection }: Pick<HandlerContext, 'connection'>,
): Promise<ResultOf<typeof rescheduleDevice>> {
  return connection.reschedule(params);
}
