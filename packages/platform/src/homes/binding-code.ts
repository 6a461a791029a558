import { createHash } from 'node:crypto';
import type { Random } from '@cardea/core';

/** Crockford's base32: no I, L, O, U, so that a code can be read out and typed. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 13;

/** 65 random bits as `XXXX-XXXX-XXXX-X`. */
export function createBindingCode(random: Random): string {
  const letters = [...random.bytes(LENGTH)].map((byte) => ALPHABET[byte & 31]).join('');
  return letters.replace(/(.{4})(?=.)/g, '$1-');
}

/** What is stored of a code: SHA-256, hex. Case, dashes, blanks and mistaken letters make no difference. */
export function hashBindingCode(code: string): string {
  const letters = code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
  return createHash('sha256').update(letters).digest('hex');
}
