import { AppError } from '@cardea/core';
import type { ParamsOf, ResultOf, resetDeviceConfiguration } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleResetDeviceConfiguration(
  params: ParamsOf<typeof resetDeviceConfiguration>,
  { config, factoryReset }: Pick<HandlerContext, 'config' | 'factoryReset'>,
): Promise<ResultOf<typeof resetDeviceConfiguration>> {
  // Factory reset also unbinds: it has to be asked for in so many words.
  if (params.scope === 'factory' && params.keepBinding !== false) throw new AppError('VALUE_INVALID', { key: 'keepBinding' });
  await config.reset(params);
  if (params.scope === 'factory') await factoryReset();
  return { version: config.version, rebootRequired: false };
}
