import type { getDeviceConfiguration, ParamsOf, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleGetDeviceConfiguration(
  { channel, keys }: ParamsOf<typeof getDeviceConfiguration>,
  { config }: Pick<HandlerContext, 'config'>,
): Promise<ResultOf<typeof getDeviceConfiguration>> {
  return { version: config.version, config: config.read({ channel, keys }) };
}
