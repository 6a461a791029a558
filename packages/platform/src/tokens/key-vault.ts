import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@cardea/core';
import { writeFileDurably } from '../store/durable-file.ts';

const PREFIX = 'cardea-sealed-1';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const IV_BYTES = 12;
/** RFC 7914. Files sealed together share a salt, so that a start derives once. */
const SCRYPT = { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };

/**
 * Keeps the keys of the platform in files that are useless without a secret from elsewhere: each is encrypted with AES-256-GCM
 * under a key made of the secret. What the keys protect in turn (second factors, answers, sessions) is then useless, too.
 * Without a secret files are plain, readable by their owner alone.
 */
export class KeyVault {
  private readonly secret: string | undefined;
  private readonly salt = randomBytes(SALT_BYTES);
  /** By salt, base64. */
  private readonly derived = new Map<string, Buffer>();

  /** @param secret from the environment or a file outside the data directory; `undefined`: none */
  constructor(secret: string | undefined) {
    this.secret = secret;
  }

  /** What a file holds. @throws AppError INVALID_STATE when it is sealed with another secret or none is given */
  open(text: string, path: string): string {
    const [prefix, salt, iv, tag, sealed] = text.trim().split(':');
    if (prefix !== PREFIX) return text;
    if (this.secret === undefined) throw closed(path, 'secrets.key or secrets.keyFile is needed to read it');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.keyFor(this.secret, decode(salt)), decode(iv));
      decipher.setAuthTag(decode(tag));
      return Buffer.concat([decipher.update(decode(sealed)), decipher.final()]).toString('utf8');
    } catch (error) {
      throw closed(path, 'it was sealed with another secret, or is damaged', error);
    }
  }

  /** What is to stand in the file. */
  seal(text: string): string {
    if (this.secret === undefined) return text;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.keyFor(this.secret, this.salt), iv);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return [PREFIX, ...[this.salt, iv, cipher.getAuthTag(), sealed].map((part) => part.toString('base64'))].join(':');
  }

  /** Whether the file should be written anew: there is a secret, and it stands there plain. */
  isStale(text: string): boolean {
    return this.secret !== undefined && !text.startsWith(`${PREFIX}:`);
  }

  private keyFor(secret: string, salt: Buffer): Buffer {
    const name = salt.toString('base64');
    const key = this.derived.get(name) ?? scryptSync(secret.normalize('NFKC'), salt, KEY_BYTES, SCRYPT);
    this.derived.set(name, key);
    return key;
  }
}

/**
 * Seals every key below `directory` with another secret; `undefined` leaves them plain. A cut in between leaves each file
 * whole, under one of the two. No platform may run on it.
 * @returns how many were written
 */
export async function resealKeys(directory: string, from: KeyVault, to: KeyVault): Promise<number> {
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.key'));
  const opened = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name);
      return { path, text: from.open(await readFile(path, 'utf8'), path) };
    }),
  );
  for (const { path, text } of opened) await writeFileDurably(path, to.seal(text));
  return opened.length;
}

function decode(part: string | undefined): Buffer {
  return Buffer.from(part ?? '', 'base64');
}

function closed(path: string, why: string, cause?: unknown): AppError {
  return new AppError('INVALID_STATE', { path }, { cause, message: `cannot use the key ${path}: ${why}` });
}
