import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Random } from '@cardea/core';

const KEY_BYTES = 32;
/** 192 bits, 32 characters: encoders cut names of streams that are long. */
const TOKEN_BYTES = 24;

/**
 * Tokens with which sessions are published over RTMP: a keyed hash of the session's name. The key lives as long as this
 * process, as the sessions do, so nothing has to be kept or revoked.
 */
export class PublishTokens {
  private readonly key: Uint8Array;

  constructor(random: Random) {
    this.key = random.bytes(KEY_BYTES);
  }

  /** At most 40 characters of `A-Za-z0-9_-`. */
  of(sessionId: string): string {
    return this.bytesOf(sessionId).toString('base64url');
  }

  matches(sessionId: string, token: string): boolean {
    const shown = Buffer.from(token, 'base64url');
    return shown.length === TOKEN_BYTES && timingSafeEqual(shown, this.bytesOf(sessionId));
  }

  private bytesOf(sessionId: string): Buffer {
    return createHmac('sha256', this.key).update(sessionId).digest().subarray(0, TOKEN_BYTES);
  }
}
