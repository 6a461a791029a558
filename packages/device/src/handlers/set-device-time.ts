import { AppError } from '@cardea/core';
import type { ParamsOf, ResultOf, setDeviceTime } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

/** 2025-01-01: nothing of this was built before. */
const EARLIEST_AT = 1_735_689_600_000;
const LATEST_AT = 4_102_444_800_000;

/** Sets the clock of the agent, never that of the machine; a recorder notices the step and begins a new span by itself. */
export async function handleSetDeviceTime(
  { utcAt, timezone, source = 'platform' }: ParamsOf<typeof setDeviceTime>,
  { clock, config, logger }: Pick<HandlerContext, 'clock' | 'config' | 'logger'>,
): Promise<ResultOf<typeof setDeviceTime>> {
  if (utcAt < EARLIEST_AT || utcAt > LATEST_AT) throw new AppError('VALUE_INVALID', { key: 'utcAt' });
  if (timezone !== undefined) await config.change({ patch: { 'device.timezone': timezone } });
  const stepMs = clock.set(utcAt, source);
  logger.info({ stepMs, source }, 'the clock was set');
  return { appliedAt: clock.now(), stepMs };
}
