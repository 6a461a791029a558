import type { ParamsOf, ResultOf, setDeviceConfiguration } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleSetDeviceConfiguration(
  params: ParamsOf<typeof setDeviceConfiguration>,
  { config }: Pick<HandlerContext, 'config'>,
): Promise<ResultOf<typeof setDeviceConfiguration>> {
  return await config.change(params);
}
