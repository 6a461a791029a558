import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { deviceIdFromDigest } from '@cardea/protocol';

/** The identity of a device: its key, and the proofs it signs with it. */
export class DeviceKey {
  readonly deviceId: string;
  private readonly privateKey: KeyObject;
  private readonly jwk: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const { x = '' } = publicKey.export({ format: 'jwk' });
    this.privateKey = privateKey;
    this.jwk = { kty: 'OKP', crv: 'Ed25519', x };
    this.deviceId = deviceIdFromDigest(createHash('sha256').update(Buffer.from(x, 'base64url')).digest());
  }

  /** A proof of identity for the scheduling service (B2.1); good for one request. */
  proof(jti: string, now: number): string {
    const iat = Math.floor(now / 1000);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${part({ alg: 'EdDSA', jwk: this.jwk })}.${part({ sub: this.deviceId, aud: 'vs', iat, exp: iat + 120, jti })}`;
    return `${signed}.${this.sign(signed)}`;
  }

  /** The Ed25519 signature of a text, base64url. */
  sign(text: string): string {
    return sign(null, Buffer.from(text), this.privateKey).toString('base64url');
  }
}
