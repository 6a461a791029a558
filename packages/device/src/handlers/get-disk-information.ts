import type { getDiskInformation, ParamsOf, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleGetDiskInformation(
  { diskId }: ParamsOf<typeof getDiskInformation>,
  { disk, recording }: Pick<HandlerContext, 'disk' | 'recording'>,
): Promise<ResultOf<typeof getDiskInformation>> {
  return { disks: [disk.information({ diskId, recording: recording.isActive })] };
}
