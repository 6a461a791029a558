import type { ParamsOf, queryUpgradingStatus, ResultOf } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

/** There is one upgrade at a time, so the present state answers for every task. */
export async function handleQueryUpgradingStatus(
  _params: ParamsOf<typeof queryUpgradingStatus>,
  { upgrades }: Pick<HandlerContext, 'upgrades'>,
): Promise<ResultOf<typeof queryUpgradingStatus>> {
  return upgrades.status;
}
