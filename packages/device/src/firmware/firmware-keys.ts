import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Logger } from '@cardea/core';
import { isMissing, writeFileDurably } from '../state/durable-file.ts';

const DIRECTORY = 'firmware-keys';

/**
 * The keys whose firmware this device trusts: `firmware-keys/*.pem` of its state. Keys in `given` (public, PEM) are added first.
 * Without any key no image is ever installed.
 * @throws AppError INVALID_PARAMS when a given key is not an Ed25519 public key
 */
export async function openFirmwareKeys(stateDirectory: string, given: readonly string[], logger: Logger): Promise<readonly KeyObject[]> {
  const directory = join(stateDirectory, DIRECTORY);
  for (const pem of given) {
    if (parse(pem) === undefined) throw new AppError('INVALID_PARAMS', undefined, { message: 'not an Ed25519 public key in PEM' });
    const name = createHash('sha256').update(pem.trim()).digest('hex').slice(0, 16);
    await writeFileDurably(join(directory, `${name}.pem`), pem);
  }
  const keys: KeyObject[] = [];
  for (const name of await namesIn(directory)) {
    const key = parse(await readFile(join(directory, name), 'utf8'));
    if (key === undefined) logger.warn({ file: name }, 'not a firmware key');
    else keys.push(key);
  }
  return keys;
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith('.pem')).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function parse(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'ed25519' ? key : undefined;
  } catch {
    return undefined;
  }
}
