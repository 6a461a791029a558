import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@cardea/core';
import type { Config } from './config.ts';
import { lockDataDirectory } from './store/data-lock.ts';
import { KeyVault, resealKeys } from './tokens/key-vault.ts';

/** What opens the keys of a data directory. @throws AppError INVALID_PARAMS when the file of the secret cannot be read or is empty */
export async function openVault(config: Config): Promise<KeyVault> {
  const path = config['secrets.keyFile'];
  if (path === '') return new KeyVault(config['secrets.key'] || undefined);
  const secret = await readSecretFile('secrets.keyFile', path);
  if (secret === '') throw new AppError('INVALID_PARAMS', { path }, { message: `secrets.keyFile ${path} is empty` });
  return new KeyVault(secret);
}

/** The secret in a file that `setting` names, without the line end. @throws AppError INVALID_PARAMS when it cannot be read */
export async function readSecretFile(setting: string, path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new AppError('INVALID_PARAMS', { path }, { cause: error, message: `cannot read ${setting} ${path}` });
  });
  return text.trim();
}

/** Seals the keys with another secret, or leaves them plain for `undefined`. @throws AppError INVALID_STATE while a platform runs */
export async function sealKeys(config: Config, secret: string | undefined): Promise<number> {
  using _lock = lockDataDirectory(config.data, { shared: false });
  return await resealKeys(join(config.data, 'keys'), await openVault(config), new KeyVault(secret));
}
