import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, hasStatus } from '@cardea/core';
import { isMissing, makeDirectoryDurably, writeFileDurably } from '../store/durable-file.ts';
import { KeyVault } from './key-vault.ts';

export interface PlatformKeys {
  /** PKCS#8 PEM, Ed25519: signs the platform's tokens. */
  readonly tokenKeyPem: string;
  /** 32 bytes: signs upload addresses. */
  readonly uploadSecret: Uint8Array;
  /** 32 bytes: signs user sessions. */
  readonly sessionSecret: Uint8Array;
  /** 32 bytes: makes the passes of sleeping devices. */
  readonly wakeSecret: Uint8Array;
}

/**
 * Reads the keys in `directory`, making those that are absent (directory mode 0700, files 0600).
 * Plain ones are sealed where `vault` has a secret.
 * @throws AppError INVALID_STATE when the secret does not open them; INTERNAL_ERROR naming a file that is there but cannot be read: a new key would silently end every session
 */
export async function loadPlatformKeys(directory: string, vault = new KeyVault(undefined)): Promise<PlatformKeys> {
  await makeDirectoryDurably(directory);
  const tokenKeyPem = await loadOrCreate(join(directory, 'token.key'), vault, () =>
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  );
  const secret = (name: string): Promise<string> => loadOrCreate(join(directory, name), vault, () => randomBytes(32).toString('base64'));
  return {
    tokenKeyPem,
    uploadSecret: Buffer.from(await secret('upload.key'), 'base64'),
    sessionSecret: Buffer.from(await secret('session.key'), 'base64'),
    wakeSecret: Buffer.from(await secret('wake.key'), 'base64'),
  };
}

async function loadOrCreate(path: string, vault: KeyVault, create: () => string): Promise<string> {
  try {
    const kept = await readFile(path, 'utf8');
    const text = vault.open(kept, path);
    if (vault.isStale(kept)) await writeFileDurably(path, vault.seal(text));
    return text;
  } catch (error) {
    if (hasStatus(error, 'INVALID_STATE')) throw error;
    if (!isMissing(error)) throw new AppError('INTERNAL_ERROR', { path }, { cause: error, message: `cannot read the key ${path}` });
    const text = create();
    await writeFileDurably(path, vault.seal(text));
    return text;
  }
}
