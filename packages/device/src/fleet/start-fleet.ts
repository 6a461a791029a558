import { createLogger, createRandom, type LogLevel, SystemClock } from '@cardea/core';
import { Fleet, type FleetOptions } from './fleet.ts';

export interface FleetRunOptions extends Omit<FleetOptions, 'clock' | 'random' | 'logger'> {
  readonly logLevel?: LogLevel;
}

/** A fleet on the clock of this machine, which begins to start. @throws AppError INVALID_PARAMS */
export function startFleet({ logLevel = 'error', ...options }: FleetRunOptions): Fleet {
  const clock = new SystemClock();
  const fleet = new Fleet({ ...options, clock, random: createRandom(clock), logger: createLogger(logLevel) });
  fleet.start();
  return fleet;
}
