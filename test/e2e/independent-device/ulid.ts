import { randomBytes } from 'node:crypto';

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';

/** The lowest `length` x 5 bits of `value` in Crockford base32, lower case, most significant digit first. */
export function crockford(value: bigint, length: number): string {
  const digitAt = (index: number): string => DIGITS.charAt(Number((value >> BigInt(5 * index)) & 31n));
  return Array.from({ length }, (_, index) => digitAt(length - 1 - index)).join('');
}

/** A fresh ULID: 48 bits of time in milliseconds, 80 bits of chance. */
export function ulid(): string {
  const chance = BigInt(`0x${randomBytes(10).toString('hex')}`);
  return crockford((BigInt(Date.now()) << 80n) | chance, 26).toUpperCase();
}
