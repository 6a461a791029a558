import type { ParamsOf, queryDeviceTime, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleQueryDeviceTime(
  _params: ParamsOf<typeof queryDeviceTime>,
  { clock, config }: Pick<HandlerContext, 'clock' | 'config'>,
): Promise<ResultOf<typeof queryDeviceTime>> {
  const deviceRecvAt = clock.now();
  const deviceSentAt = clock.now();
  return {
    utcAt: deviceSentAt,
    deviceRecvAt,
    deviceSentAt,
    monotonicMs: clock.monotonicMs(),
    timezone: config.text('device.timezone'),
    source: clock.source,
    synchronized: clock.synchronized,
  };
}
