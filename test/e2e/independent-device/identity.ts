import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto';
import { crockford } from './ulid.ts';

const PROOF_LIFETIME_SEC = 300;

/** The Ed25519 key pair of one device and the id that follows from it (section 0, decision 1). */
export class Identity {
  readonly deviceId: string;
  private readonly privateKey: KeyObject;
  private readonly x: string;

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519');
    const { x = '' } = publicKey.export({ format: 'jwk' });
    const hash = createHash('sha256').update(Buffer.from(x, 'base64url')).digest('hex');
    this.privateKey = privateKey;
    this.x = x;
    this.deviceId = crockford(BigInt(`0x${hash}`) >> 126n, 26);
  }

  /** A single-use proof of possession for the scheduler: a JWT whose header carries the public key. */
  proof(nowMs: number): string {
    const iat = Math.floor(nowMs / 1000);
    const header = { alg: 'EdDSA', typ: 'JWT', jwk: { kty: 'OKP', crv: 'Ed25519', x: this.x } };
    const claims = { sub: this.deviceId, aud: 'vs', iat, exp: iat + PROOF_LIFETIME_SEC, jti: randomUUID() };
    const signed = `${encode(header)}.${encode(claims)}`;
    return `${signed}.${sign(null, Buffer.from(signed), this.privateKey).toString('base64url')}`;
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
