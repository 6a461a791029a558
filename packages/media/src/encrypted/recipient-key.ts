import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from '@hpke/core';
import { hexOf } from '../bytes.ts';
import { MediaError } from '../media-error.ts';

type PrivateKey = Awaited<ReturnType<DhkemX25519HkdfSha256['deserializePrivateKey']>>;

/** Somebody who can open what is encrypted for them. The private key may be one that does not leave the browser. */
export interface RecipientKey {
  /** As in a `WrappedKey`. */
  readonly keyId: string;
  readonly privateKey: PrivateKey;
}

/** A pair as it is made: 32 bytes each. */
export interface RecipientKeyPair {
  readonly keyId: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly privateKey: Uint8Array<ArrayBuffer>;
}

/** HPKE (RFC 9180) base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. */
export const suite = new CipherSuite({ kem: new DhkemX25519HkdfSha256(), kdf: new HkdfSha256(), aead: new Aes256Gcm() });

export const PUBLIC_KEY_BYTES = 32;

/** What names a public key (32 bytes). */
export async function keyIdOf(publicKey: Uint8Array<ArrayBuffer>): Promise<string> {
  return hexOf(new Uint8Array(await crypto.subtle.digest('SHA-256', publicKey)).subarray(0, 8));
}

/** A new pair of X25519 keys. */
export async function makeRecipientKey(): Promise<RecipientKeyPair> {
  const pair = await suite.kem.generateKeyPair();
  const publicKey = new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey));
  const privateKey = new Uint8Array(await suite.kem.serializePrivateKey(pair.privateKey));
  return { keyId: await keyIdOf(publicKey), publicKey, privateKey };
}

/** The key to open with. @throws MediaError INVALID_REQUEST for bytes that are no key */
export async function recipientKey({ keyId, privateKey }: Pick<RecipientKeyPair, 'keyId' | 'privateKey'>): Promise<RecipientKey> {
  try {
    return { keyId, privateKey: await suite.kem.deserializePrivateKey(privateKey.buffer) };
  } catch {
    throw new MediaError('INVALID_REQUEST', 'these bytes are no private key');
  }
}
