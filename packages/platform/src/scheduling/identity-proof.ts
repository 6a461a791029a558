import { createHash } from 'node:crypto';
import { AppError } from '@cardea/core';
import { DeviceId, deviceIdFromDigest, TOKEN_ALGORITHM, tokenAudiences, vsTimers } from '@cardea/protocol';
import { compactVerify, EmbeddedJWK } from 'jose';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';

/** What a device proved by signing with its own key. */
export interface IdentityProof {
  readonly deviceId: DeviceId;
  /** The key it signed with, raw, base64url. */
  readonly publicKey: string;
  /** Single use, together with `deviceId`. */
  readonly jti: string;
  /** The proof is refused from here on, so its `jti` has to be remembered until then. */
  readonly refusedFrom: number;
}

const Header = Compile(
  Type.Object({
    jwk: Type.Object({ kty: Type.Literal('OKP'), crv: Type.Literal('Ed25519'), x: Type.String({ pattern: '^[\\w-]{43}$' }) }),
  }),
);

const Claims = Compile(
  Type.Object({
    sub: DeviceId,
    // Some JWT libraries write a single audience as a list (RFC 7519 section 4.1.3).
    aud: Type.Union([Type.Literal(tokenAudiences.vs), Type.Tuple([Type.Literal(tokenAudiences.vs)])]),
    iat: Type.Number(),
    exp: Type.Number(),
    jti: Type.String({ minLength: 1, maxLength: 128 }),
  }),
);

/** A clock this far off is tolerated; beyond it the device is told the time. */
const CLOCK_TOLERANCE_MS = vsTimers.clockSkewToleranceSec * 1000;

/**
 * Reads the JWT a device signed with its own key: EdDSA only, the public key in the header, `sub` made from that key.
 * @throws AppError CLOCK_SKEW when `iat` or `exp` miss `now` by more than a minute and all else holds, AUTH_INVALID otherwise
 * @see profile hss-open-1 section 0, decision 1
 */
export async function verifyIdentityProof(jwt: string, now: number): Promise<IdentityProof> {
  const { header, payload } = await verifySignature(jwt);
  if (!Header.Check(header)) throw refused('key');
  const claims = parseJson(payload);
  if (!Claims.Check(claims)) throw refused('claims');
  if (claims.sub !== deviceIdOf(header.jwk.x)) throw refused('subject');
  if (claims.exp > claims.iat + vsTimers.identityTokenMaxAgeSec || claims.exp <= claims.iat) throw refused('lifetime');
  const refusedFrom = claims.exp * 1000 + CLOCK_TOLERANCE_MS;
  if (now >= refusedFrom || now < claims.iat * 1000 - CLOCK_TOLERANCE_MS) throw new AppError('CLOCK_SKEW');
  return { deviceId: claims.sub, publicKey: header.jwk.x, jti: claims.jti, refusedFrom };
}

async function verifySignature(jwt: string): Promise<{ readonly header: unknown; readonly payload: Uint8Array }> {
  try {
    const { protectedHeader, payload } = await compactVerify(jwt, EmbeddedJWK, { algorithms: [TOKEN_ALGORITHM] });
    return { header: protectedHeader, payload };
  } catch (error) {
    throw new AppError('AUTH_INVALID', { reason: 'signature' }, { cause: error });
  }
}

function deviceIdOf(publicKeyBase64Url: string): DeviceId {
  return deviceIdFromDigest(createHash('sha256').update(Buffer.from(publicKeyBase64Url, 'base64url')).digest());
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new AppError('AUTH_INVALID', { reason: 'claims' }, { cause: error });
  }
}

function refused(reason: string): AppError {
  return new AppError('AUTH_INVALID', { reason });
}
