import { AppError, createLogger, createRandom, hasStatus, SystemClock } from '@cardea/core';
import type { ChainHead } from './audit/audit-chain.ts';
import type { AuditReport } from './audit/verify-audit.ts';
import { requestDrain } from './cluster/cluster.ts';
import type { Config } from './config.ts';
import { checkDataDirectory, rebuildDataDirectory, verifyAuditOfDirectory } from './data-check.ts';
import { createPlatform, type Platform } from './platform.ts';
import { openVault } from './secrets.ts';
import { openAccounts, type StandaloneAccounts } from './standalone-accounts.ts';
import { NatsBus } from './store/bus/nats-bus.ts';
import type { FsckOptions, FsckReport } from './video-service/fsck.ts';
import type { RebuildReport } from './video-service/rebuild.ts';

/** The platform on the machine's own clock, chance and log. @throws AppError as `createPlatform` */
export async function startPlatform(
  config: Config,
  { webDirectory }: { readonly webDirectory?: string | undefined } = {},
): Promise<Platform> {
  const clock = new SystemClock();
  return await createPlatform({ config, clock, random: createRandom(clock), logger: createLogger(config.logLevel), webDirectory });
}

/** The accounts of a data directory, for a command. */
export async function openDataAccounts(config: Config): Promise<StandaloneAccounts> {
  const clock = new SystemClock();
  const [logger, vault] = [createLogger(config.logLevel), await openVault(config)];
  return await openAccounts(config.data, { clock, random: createRandom(clock), logger, vault });
}

/** Compares the catalogue of a data directory with its files, while a platform runs on it or not. */
export async function checkData(config: Config, options: FsckOptions): Promise<FsckReport> {
  const clock = new SystemClock();
  return await checkDataDirectory(config, { ...options, clock, random: createRandom(clock), logger: createLogger(config.logLevel) });
}

/** Makes the catalogue of a data directory anew from its recordings, as far as it lost them. No platform may run on it. */
export async function rebuildData(config: Config): Promise<RebuildReport> {
  const clock = new SystemClock();
  return await rebuildDataDirectory(config, { clock, random: createRandom(clock), logger: createLogger(config.logLevel) });
}

/** Looks for tampering in the audit log of a data directory, while a platform runs on it or not; `known` is a head noted before. */
export async function verifyAuditOfData({ data }: Config, known?: ChainHead): Promise<AuditReport> {
  return await verifyAuditOfDirectory(data, known);
}

const DRAIN_MARGIN_MS = 60_000;

/**
 * Has the process `nodeId` of the platform move its devices to others and end; resolves when no device is left there.
 * @throws AppError NOT_FOUND when no such process runs | INVALID_PARAMS without a bus | TIMEOUT
 */
export async function drainNode(config: Config, nodeId: string): Promise<void> {
  if (config['bus.url'] === '')
    throw new AppError('INVALID_PARAMS', undefined, { message: 'bus.url is needed to reach the other processes' });
  await using bus = await NatsBus.open({ url: config['bus.url'], name: 'drain', logger: createLogger(config.logLevel) });
  try {
    await requestDrain(bus, nodeId, config['drain.windowSec'] * 1_000 + DRAIN_MARGIN_MS);
  } catch (error) {
    if (!hasStatus(error, 'NOT_FOUND')) throw error;
    throw new AppError('NOT_FOUND', { node: nodeId }, { cause: error, message: `no process named ${nodeId} runs on this bus` });
  }
}
