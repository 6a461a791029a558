export type { ChainHead } from './audit/audit-chain.ts';
export type { AuditReport } from './audit/verify-audit.ts';
export { type Config, type ConfigSources, environmentName, loadConfig, type SettingName, settings } from './config.ts';
export { backupData, type CopyOptions, type CopyProgress, restoreData } from './data-backup.ts';
export { checkData, drainNode, openDataAccounts, rebuildData, startPlatform, verifyAuditOfData } from './main.ts';
export { createPlatform, type Platform, type PlatformOptions } from './platform.ts';
export type { NewUser, StandaloneAccounts } from './standalone-accounts.ts';
export type { FsckReport } from './video-service/fsck.ts';
export type { RebuildReport } from './video-service/rebuild.ts';
