import { AppError } from '@cardea/core';
import type { ParamsOf, ResultOf, syncRecordings } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleSyncRecordings(
  params: ParamsOf<typeof syncRecordings>,
  { channel, disk, recording, sync }: Pick<HandlerContext, 'channel' | 'disk' | 'recording' | 'sync'>,
): Promise<ResultOf<typeof syncRecordings>> {
  channel(params.channel);
  disk.checkReadable();
  if (!recording.hasPlan) throw new AppError('NO_STORAGE_PLAN');
  return await sync.sync(params);
}
