import { AppError } from '@cardea/core';
import type { ParamsOf, ResultOf, syncRecordings } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleSyncRecordings(
  params: ParamsOf<typeof syncRecordings>,
  { channel, disk, power, recording, sync }: Pick<HandlerContext, 'channel' | 'disk' | 'power' | 'recording' | 'sync'>,
): Promise<ResultOf<typeof syncRecordings>> {
  channel(params.channel);
  if (power.critical) throw new AppError('LOW_BATTERY');
  disk.checkReadable();
  if (!recording.hasPlan) throw new AppError('NO_STORAGE_PLAN');
  return await sync.sync(params);
}
