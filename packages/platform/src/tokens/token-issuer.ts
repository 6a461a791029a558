import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { AppError, type Clock, type Random } from '@cardea/core';
import type { StreamName } from '@cardea/protocol';
import { errors, jwtVerify, SignJWT } from 'jose';

/** What each kind of token says. One audience each, so that none can be used where another is asked for. */
export interface TokenClaims {
  /** Opens a Vd connection. */
  vd: { readonly deviceId: string; readonly epoch: number; readonly scheduleId: string };
  /** Calls Vr. */
  vr: { readonly deviceId: string; readonly epoch: number };
  /** Publishes one media session to Vm. */
  'vm-publish': {
    readonly deviceId: string;
    readonly epoch: number;
    readonly channel: number;
    readonly stream: StreamName;
    readonly sessionId: string;
    readonly kind: 'live' | 'playback';
  };
  /** Brings one live stream from one process of the platform to another. */
  'vm-pull': { readonly deviceId: string; readonly epoch: number; readonly channel: number; readonly stream: StreamName };
  /** Fetches what one person says, for the loudspeaker of a device. */
  'vm-talk': { readonly deviceId: string; readonly epoch: number; readonly channel: number; readonly sessionId: string };
  /** Talks through one channel: made for a user, checked again against the store at each use. */
  talk: {
    readonly userId: string;
    readonly userSessionId: string;
    readonly deviceId: string;
    readonly epoch: number;
    readonly channel: number;
    readonly action: 'control';
    readonly sessionId: string;
  };
  /** Plays what is stored of one channel: made for a user, checked again against the store at each use. */
  vod: {
    readonly userId: string;
    readonly userSessionId: string;
    readonly deviceId: string;
    readonly epoch: number;
    readonly channel: number;
    readonly action: 'view.recordings';
    readonly sessionId: string;
  };
  /** Watches one thing: made for a user, checked again against the store at each use. */
  view: {
    readonly userId: string;
    readonly userSessionId: string;
    readonly deviceId: string;
    readonly epoch: number;
    readonly channel: number;
    readonly stream: StreamName;
    readonly action: 'view.live' | 'view.recordings';
    readonly sessionId: string;
  };
}

export type TokenAudience = keyof TokenClaims;

/** The right of a user on a device that a token stands for. */
export type TicketClaims = TokenClaims['view'] | TokenClaims['talk'] | TokenClaims['vod'];

export interface MintedToken {
  readonly token: string;
  readonly expiresAt: number;
}

const ISSUER = 'cardea';
const CLOCK_TOLERANCE_SEC = 0;

/** Mints and checks the platform's own tokens: JWTs signed with one Ed25519 key (RFC 8037), no other algorithm accepted. */
export class TokenIssuer {
  private readonly privateKey: KeyObject;
  private readonly publicKey: KeyObject;
  private readonly clock: Clock;
  private readonly random: Random;

  /** @param privateKeyPem PKCS#8 PEM of an Ed25519 key */
  constructor(privateKeyPem: string, { clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.privateKey = createPrivateKey(privateKeyPem);
    this.publicKey = createPublicKey(this.privateKey);
    this.clock = clock;
    this.random = random;
  }

  async mint<A extends TokenAudience>(audience: A, claims: TokenClaims[A], ttlMs: number): Promise<MintedToken> {
    const nowSec = Math.floor(this.clock.now() / 1000);
    const expSec = nowSec + Math.ceil(ttlMs / 1000);
    const token = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'EdDSA' })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setIssuedAt(nowSec)
      .setExpirationTime(expSec)
      .setJti(this.random.ulid())
      .sign(this.privateKey);
    return { token, expiresAt: expSec * 1000 };
  }

  /** @throws AppError UNAUTHORIZED, with `expired: true` in details when only the time is wrong */
  async verify<A extends TokenAudience>(audience: A, token: string): Promise<TokenClaims[A]> {
    try {
      const { payload } = await jwtVerify<TokenClaims[A]>(token, this.publicKey, {
        algorithms: ['EdDSA'],
        issuer: ISSUER,
        audience,
        currentDate: new Date(this.clock.now()),
        clockTolerance: CLOCK_TOLERANCE_SEC,
      });
      return payload;
    } catch (error) {
      throw new AppError('UNAUTHORIZED', error instanceof errors.JWTExpired ? { expired: true } : undefined, { cause: error });
    }
  }
}
