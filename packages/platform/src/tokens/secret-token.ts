import { createHash } from 'node:crypto';
import type { Random } from '@cardea/core';

const BYTES = 32;

/** A secret of 256 bits to be shown once, and what is kept of it. `kind` begins it, so that people and scanners know it. */
export function createSecretToken(random: Random, kind: string): { readonly token: string; readonly hash: string } {
  const token = `${kind}_${Buffer.from(random.bytes(BYTES)).toString('base64url')}`;
  return { token, hash: hashSecretToken(token) };
}

/** SHA-256, hex. It needs no salt: nobody guesses 256 bits. */
export function hashSecretToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
