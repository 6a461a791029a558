import type { ParamsOf, ResultOf, resetDeviceConfiguration } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleResetDeviceConfiguration(
  params: ParamsOf<typeof resetDeviceConfiguration>,
  { config, factoryReset }: Pick<HandlerContext, 'config' | 'factoryReset'>,
): Promise<ResultOf<typeof resetDeviceConfiguration>> {
  await config.reset(params);
  if (params.scope === 'factory') await factoryReset();
  return { version: config.version, rebootRequired: false };
}
