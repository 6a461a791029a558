import { AppError } from '@cardea/core';
import type { FwState, formatDisk, ParamsOf, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

/** An upgrade under way is not to be put at risk. */
const UPGRADING: readonly FwState[] = ['downloading', 'installing', 'rebooting'];

export async function handleFormatDisk(
  params: ParamsOf<typeof formatDisk>,
  { disk, upgrades }: Pick<HandlerContext, 'disk' | 'upgrades'>,
): Promise<ResultOf<typeof formatDisk>> {
  if (UPGRADING.includes(upgrades.status.state)) throw new AppError('UPGRADING');
  return disk.format(params);
}
