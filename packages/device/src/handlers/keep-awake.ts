import { type keepAwake, type ParamsOf, type ResultOf, sleepTimers } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

/** On mains the device never sleeps: asking it not to succeeds and does nothing. */
export async function handleKeepAwake(
  params: ParamsOf<typeof keepAwake>,
  { clock, power }: Pick<HandlerContext, 'clock' | 'power'>,
): Promise<ResultOf<typeof keepAwake>> {
  if (power.state.present) return power.keepAwake(params);
  const { durationSec = sleepTimers.keepAwakeDefaultSec } = params;
  return { awakeUntil: clock.now() + Math.round(durationSec * 1_000), grantedSec: durationSec };
}
