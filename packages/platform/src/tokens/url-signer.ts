import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { AppError, type Clock } from '@cardea/core';

/** Makes addresses that are their own permission: a path, an expiry and an HMAC-SHA-256 over both. */
export class UrlSigner {
  private readonly secret: KeyObject;
  private readonly clock: Clock;

  constructor(secret: Uint8Array, clock: Clock) {
    this.secret = createSecretKey(secret);
    this.clock = clock;
  }

  /** `path` with `expires`, the given fields and `signature` as query. */
  sign(path: string, fields: Readonly<Record<string, string>>, expiresAt: number): string {
    const query = new URLSearchParams({ ...fields, expires: String(expiresAt) });
    query.sort();
    query.append('signature', this.signature(path, query));
    return `${path}?${query}`;
  }

  /**
   * The signed fields of an address.
   * @throws AppError UNAUTHORIZED when the signature does not hold, TICKET_EXPIRED after its time
   */
  verify(path: string, query: URLSearchParams): Readonly<Record<string, string>> {
    const signed = new URLSearchParams(query);
    const given = Buffer.from(signed.get('signature') ?? '', 'base64url');
    signed.delete('signature');
    signed.sort();
    const wanted = Buffer.from(this.signature(path, signed), 'base64url');
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw new AppError('UNAUTHORIZED');
    if (Number(signed.get('expires')) < this.clock.now()) throw new AppError('TICKET_EXPIRED');
    return Object.fromEntries(signed);
  }

  private signature(path: string, query: URLSearchParams): string {
    return createHmac('sha256', this.secret).update(`${path}\n${query}`).digest('base64url');
  }
}
