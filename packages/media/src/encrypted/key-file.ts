import { bytesOfHex, hexOf } from '../bytes.ts';
import { MediaError } from '../media-error.ts';
import { keyIdOf, type RecipientKeyPair } from './recipient-key.ts';

/** A key pair in a file, the private half sealed with a passphrase. */
interface KeyFile {
  readonly format: typeof FORMAT;
  readonly keyId: string;
  /** Hex, like all bytes here. */
  readonly publicKey: string;
  readonly iterations: number;
  readonly salt: string;
  readonly iv: string;
  readonly sealed: string;
}

const FORMAT = 'cardea-key-1';
/** Of PBKDF2 with SHA-256: about half a second on a phone. */
const ITERATIONS = 600_000;
const MAX_ITERATIONS = 10_000_000;
/** Shorter ones are found by trying. */
const MIN_PASSPHRASE_CHARS = 10;

/**
 * The pair as text of a file: AES-256-GCM under a key that PBKDF2 makes of the passphrase.
 * @throws MediaError INVALID_REQUEST for a passphrase of fewer than ten characters
 */
export async function sealKeyFile({ keyId, publicKey, privateKey }: RecipientKeyPair, passphrase: string): Promise<string> {
  if (passphrase.length < MIN_PASSPHRASE_CHARS) throw new MediaError('INVALID_REQUEST', 'a passphrase has ten characters or more');
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await sealingKey(passphrase, salt, ITERATIONS);
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: publicKey }, key, privateKey));
  const file: KeyFile = {
    format: FORMAT,
    keyId,
    publicKey: hexOf(publicKey),
    iterations: ITERATIONS,
    salt: hexOf(salt),
    iv: hexOf(iv),
    sealed: hexOf(sealed),
  };
  return `${JSON.stringify(file, undefined, 2)}\n`;
}

/** The pair in the text of a file. @throws MediaError OBJECT_MISMATCH for what is no such file; INVALID_REQUEST for another passphrase */
export async function openKeyFile(text: string, passphrase: string): Promise<RecipientKeyPair> {
  const file = parse(text);
  const publicKey = bytesOfHex(file.publicKey);
  const key = await sealingKey(passphrase, bytesOfHex(file.salt), file.iterations);
  const opened = await crypto.subtle
    .decrypt({ name: 'AES-GCM', iv: bytesOfHex(file.iv), additionalData: publicKey }, key, bytesOfHex(file.sealed))
    .catch(() => undefined);
  if (opened === undefined) throw new MediaError('INVALID_REQUEST', 'the passphrase is another');
  return { keyId: await keyIdOf(publicKey), publicKey, privateKey: new Uint8Array(opened) };
}

function parse(text: string): KeyFile {
  const file = ((): Partial<Record<keyof KeyFile, unknown>> | null => {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === 'object' ? value : null;
    } catch {
      return null;
    }
  })();
  const { format, publicKey, iterations, salt, iv, sealed, keyId } = file ?? {};
  const isHex = (value: unknown, bytes: number): value is string =>
    typeof value === 'string' && new RegExp(`^[0-9a-f]{${2 * bytes}}$`).test(value);
  const isCount = typeof iterations === 'number' && Number.isInteger(iterations) && iterations > 0 && iterations <= MAX_ITERATIONS;
  if (
    format !== FORMAT ||
    !isCount ||
    !isHex(publicKey, 32) ||
    !isHex(salt, 16) ||
    !isHex(iv, 12) ||
    !isHex(sealed, 48) ||
    !isHex(keyId, 8)
  ) {
    throw new MediaError('OBJECT_MISMATCH', 'this is no file of a key');
  }
  return { format, keyId, publicKey, iterations, salt, iv, sealed };
}

async function sealingKey(passphrase: string, salt: Uint8Array<ArrayBuffer>, iterations: number) {
  const secret = await crypto.subtle.importKey('raw', new TextEncoder().encode(passphrase), 'PBKDF2', false, ['deriveKey']);
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations };
  return await crypto.subtle.deriveKey(parameters, secret, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}
