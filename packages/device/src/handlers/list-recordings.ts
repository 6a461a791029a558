import type { listRecordings, ParamsOf, ResultOf } from '@cardea/protocol';
import { recordingList } from '../recording/recording-list.ts';
import type { HandlerContext } from './context.ts';

export async function handleListRecordings(
  params: ParamsOf<typeof listRecordings>,
  { channel, disk, ring }: Pick<HandlerContext, 'channel' | 'disk' | 'ring'>,
): Promise<ResultOf<typeof listRecordings>> {
  channel(params.channel);
  disk.checkReadable(params.diskId);
  return recordingList(ring, params);
}
