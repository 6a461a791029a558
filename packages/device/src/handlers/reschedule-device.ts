import type { ParamsOf, ResultOf, rescheduleDevice } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleRescheduleDevice(
  params: ParamsOf<typeof rescheduleDevice>,
  { connection, restarts }: Pick<HandlerContext, 'connection' | 'restarts'>,
): Promise<ResultOf<typeof rescheduleDevice>> {
  restarts.assertPossible();
  return connection.reschedule(params);
}
