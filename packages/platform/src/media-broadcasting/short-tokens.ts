import type { Random } from '@cardea/core';

/** 192 random bits in 32 characters: what goes into addresses of RTMP and RTSP, where encoders cut names of 255 and more. */
const TOKEN_BYTES = 24;

/** Opaque tokens, each standing for one object of this process while that is wanted. */
export class ShortTokens<T extends object> {
  private readonly owners = new Map<string, T>();
  private readonly tokens = new Map<T, string>();
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** The token of `owner`, the same one until `revoke`; at most 40 characters of `A-Za-z0-9_-`. */
  of(owner: T): string {
    const known = this.tokens.get(owner);
    if (known !== undefined) return known;
    const token = Buffer.from(this.random.bytes(TOKEN_BYTES)).toString('base64url');
    this.tokens.set(owner, token);
    this.owners.set(token, owner);
    return token;
  }

  ownerOf(token: string): T | undefined {
    return this.owners.get(token);
  }

  revoke(owner: T): void {
    const token = this.tokens.get(owner);
    this.tokens.delete(owner);
    if (token !== undefined) this.owners.delete(token);
  }
}
