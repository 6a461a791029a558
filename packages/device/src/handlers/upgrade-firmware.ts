import type { ParamsOf, ResultOf, upgradeFirmware } from '@cardea/protocol';
import type { HandlerContext } from './context.ts';

export async function handleUpgradeFirmware(
  params: ParamsOf<typeof upgradeFirmware>,
  { upgrades, logger }: Pick<HandlerContext, 'upgrades' | 'logger'>,
): Promise<ResultOf<typeof upgradeFirmware>> {
  const answer = await upgrades.ask(params);
  logger.info({ mode: params.mode, version: params.version, state: answer.state }, 'asked to upgrade');
  return answer;
}
