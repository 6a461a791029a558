import type { keepAwake, ParamsOf, ResultOf } from '@cardea/protocol';
import { sleepTimers } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

/** A device on mains never sleeps: asking it not to succeeds and does nothing. */
export async function handleKeepAwake(
  { durationSec = sleepTimers.keepAwakeDefaultSec }: ParamsOf<typeof keepAwake>,
  { clock }: Pick<HandlerContext, 'clock'>,
): Promise<ResultOf<typeof keepAwake>> {
  return { awakeUntil: clock.now() + Math.round(durationSec * 1_000), grantedSec: durationSec };
}
