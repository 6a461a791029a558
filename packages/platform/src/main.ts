import { createLogger, createRandom, SystemClock } from '@cardea/core';
import type { Config } from './config.ts';
import { checkDataDirectory } from './data-check.ts';
import { createPlatform, type Platform } from './platform.ts';
import { openAccounts, type StandaloneAccounts } from './standalone-accounts.ts';
import type { FsckReport } from './video-service/fsck.ts';

/** The platform on the machine's own clock, chance and log. @throws AppError as `createPlatform` */
export async function startPlatform(
  config: Config,
  { webDirectory }: { readonly webDirectory?: string | undefined } = {},
): Promise<Platform> {
  const clock = new SystemClock();
  return await createPlatform({ config, clock, random: createRandom(clock), logger: createLogger(config.logLevel), webDirectory });
}

/** The accounts of a data directory, for a command. */
export async function openDataAccounts({ data, logLevel }: Config): Promise<StandaloneAccounts> {
  const clock = new SystemClock();
  return await openAccounts(data, { clock, random: createRandom(clock), logger: createLogger(logLevel) });
}

/** Compares the catalogue of a data directory with its files, while a platform runs on it or not. */
export async function checkData({ data, logLevel }: Config, options: { readonly deep: boolean }): Promise<FsckReport> {
  const random = createRandom(new SystemClock());
  return await checkDataDirectory(data, { ...options, random, logger: createLogger(logLevel) });
}
