import { AppError } from '@cardea/core';
import { type BatteryState, firmwareTimers } from '@cardea/protocol';
import { secureAddress } from '../net/secure-address.ts';
import type { UpgradeOrder } from './upgrade-record.ts';
import { compareVersions } from './version-order.ts';

/** What the device is at the moment. */
export interface Present {
  /** Running version. */
  readonly version: string;
  readonly power: BatteryState;
  readonly now: number;
}

/**
 * What can be told about an upgrade before anything is fetched.
 * @throws AppError INCOMPATIBLE | URL_INVALID | UP_TO_DATE | DOWNGRADE_FORBIDDEN | LOW_BATTERY | INVALID_PARAMS (the window is over)
 */
export function assertAcceptable(order: UpgradeOrder, { version, power, now }: Present): void {
  const { component = 'system', minBatteryPct = firmwareTimers.minBatteryDefaultPct, window } = order;
  if (component !== 'system') throw new AppError('INCOMPATIBLE', { component });
  secureAddress(order.url);
  if (order.version === version) throw new AppError('UP_TO_DATE', { version });
  if (order.allowDowngrade !== true && compareVersions(order.version, version) < 0) throw new AppError('DOWNGRADE_FORBIDDEN', { version });
  if (power.present && power.source === 'battery' && (power.levelPct ?? 0) < minBatteryPct)
    throw new AppError('LOW_BATTERY', { levelPct: power.levelPct });
  if (window !== undefined && window.endAt <= now) throw new AppError('INVALID_PARAMS', { reason: 'the window is over' });
}
