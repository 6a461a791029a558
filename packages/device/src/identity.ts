import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Random } from '@cardea/core';
import { deviceIdFromDigest } from '@cardea/protocol';
import { exportJWK, type JWK, SignJWT } from 'jose';
import { readFileIfPresent, syncDirectory } from './state/durable-file.ts';

const KEY_FILE = 'identity.key';
const PROOF_AUDIENCE = 'vs';
const PROOF_LIFETIME_SEC = 300;

/** The key pair that is the device. The private key never leaves the process. */
export class DeviceIdentity {
  readonly deviceId: string;
  private readonly privateKey: KeyObject;
  private readonly jwk: JWK;

  constructor(privateKey: KeyObject, jwk: JWK) {
    this.privateKey = privateKey;
    this.jwk = jwk;
    this.deviceId = deviceIdFromDigest(
      createHash('sha256')
        .update(Buffer.from(jwk.x ?? '', 'base64url'))
        .digest(),
    );
  }

  /** A new single-use proof of this identity for the scheduling service, valid for five minutes around `now` (ms). */
  prove(now: number, random: Random): Promise<string> {
    const issuedAt = Math.floor(now / 1_000);
    return new SignJWT()
      .setProtectedHeader({ alg: 'EdDSA', jwk: this.jwk })
      .setSubject(this.deviceId)
      .setAudience(PROOF_AUDIENCE)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + PROOF_LIFETIME_SEC)
      .setJti(random.ulid())
      .sign(this.privateKey);
  }

  /** The Ed25519 signature of a text in UTF-8, base64url. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.privateKey).toString('base64url');
  }
}

/**
 * Reads the key in `stateDirectory`/identity.key (PKCS#8 PEM, mode 0600), or makes it when there is none. A file that is
 * there and cannot be used is never replaced: the identity would be lost.
 * @throws AppError INVALID_STATE
 */
export async function loadIdentity(stateDirectory: string): Promise<DeviceIdentity> {
  const path = join(stateDirectory, KEY_FILE);
  const pem = (await readKey(path)) ?? (await makeKey(stateDirectory, path));
  const privateKey = parseKey(pem, path);
  const { kty, crv, x } = await exportJWK(createPublicKey(privateKey));
  if (kty === undefined || crv === undefined || x === undefined) throw unusable(path);
  return new DeviceIdentity(privateKey, { kty, crv, x });
}

async function readKey(path: string): Promise<string | undefined> {
  try {
    return await readFileIfPresent(path);
  } catch (error) {
    throw unusable(path, error);
  }
}

function parseKey(pem: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType !== 'ed25519') throw unusable(path);
    return key;
  } catch (error) {
    throw error instanceof AppError ? error : unusable(path, error);
  }
}

async function makeKey(directory: string, path: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(pem);
  await file.sync();
  await syncDirectory(directory);
  return pem;
}

function unusable(path: string, cause?: unknown): AppError {
  return new AppError('INVALID_STATE', { file: path }, { cause, message: `${path} does not hold a usable Ed25519 key` });
}
