import type { ParamsOf, ResultOf, resetDeviceConfiguration } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleResetDeviceConfiguration(
  params: ParamsOf<typeof resetDeviceConfiguration>,
  { config, factoryReset, restarts }: Pick<HandlerContext, 'config' | 'factoryReset' | 'restarts'>,
): Promise<ResultOf<typeof resetDeviceConfiguration>> {
  if (params.scope === 'factory') restarts.assertPossible();
  await config.reset(params);
  if (params.scope === 'factory') await factoryReset();
  return { version: config.version, rebootRequired: false };
}
