export { type Config, type ConfigSources, environmentName, loadConfig, type SettingName, settings } from './config.ts';
export { openDataAccounts, startPlatform } from './main.ts';
export { createPlatform, type Platform, type PlatformOptions } from './platform.ts';
export type { NewUser, StandaloneAccounts } from './standalone-accounts.ts';
