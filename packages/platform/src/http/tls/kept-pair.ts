import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, hasStatus } from '@cardea/core';
import { isMissing, writeFileDurably } from '../../store/durable-file.ts';
import type { KeyVault } from '../../tokens/key-vault.ts';

/** A private key and its certificate, or the chain of it, PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/**
 * The pair of this name in `directory`; `undefined` when there is none, or one that was cut short and does not fit together.
 * @throws AppError INTERNAL_ERROR when it cannot be read; INVALID_STATE when the vault does not open it
 */
export async function readPair(directory: string, name: string, vault: KeyVault): Promise<KeyPair | undefined> {
  try {
    const [sealed, cert] = await Promise.all(['key', 'crt'].map((kind) => readFile(join(directory, `${name}.${kind}`), 'utf8')));
    if (sealed === undefined || cert === undefined) return undefined;
    const key = vault.open(sealed, join(directory, `${name}.key`));
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? { key, cert } : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    if (hasStatus(error, 'INVALID_STATE')) throw error;
    throw new AppError('INTERNAL_ERROR', { directory, name }, { cause: error, message: `cannot read ${join(directory, name)}` });
  }
}

/** Keeps a pair, its key sealed; both are for this user alone. */
export async function keepPair(directory: string, name: string, pair: KeyPair, vault: KeyVault): Promise<KeyPair> {
  await writeFileDurably(join(directory, `${name}.key`), vault.seal(pair.key));
  await writeFileDurably(join(directory, `${name}.crt`), pair.cert);
  return pair;
}
