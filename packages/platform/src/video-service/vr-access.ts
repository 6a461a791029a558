import { AppError, type Clock } from '@cardea/core';
import { decodeJwt } from 'jose';
import type { Db } from '../store/ports.ts';
import type { TokenClaims, TokenIssuer } from '../tokens/token-issuer.ts';

/** A device that proved itself to Vr. `homeId` is absent while it belongs to no home. */
export interface KnownDevice {
  readonly deviceId: string;
  readonly homeId: string | undefined;
  /** Binding epoch, now. */
  readonly epoch: number;
  /** Raw Ed25519 key of its identity, base64url. */
  readonly publicKey?: string | undefined;
}

/** A device that may store segments in a home. */
export interface BoundDevice extends KnownDevice {
  readonly homeId: string;
}

interface VerifiedToken {
  readonly claims: TokenClaims['vr'];
  /** Unix milliseconds. */
  readonly expiresAt: number;
}

/** As many devices as one server records. */
const MAX_VERIFIED = 5_000;

/** Admits devices by their Vr token, which dies with the binding it was minted for. */
export class VrAccess {
  private readonly db: Db;
  private readonly tokens: TokenIssuer;
  private readonly clock: Clock;
  private readonly verified = new Map<string, VerifiedToken>();

  constructor({ db, tokens, clock }: { readonly db: Db; readonly tokens: TokenIssuer; readonly clock: Clock }) {
    this.db = db;
    this.tokens = tokens;
    this.clock = clock;
  }

  /** @throws AppError UNAUTHORIZED; DEVICE_DISABLED */
  async known(authorization: string | undefined): Promise<KnownDevice> {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) throw new AppError('UNAUTHORIZED');
    const claims = await this.claimsOf(token);
    const device = await this.device(claims.deviceId);
    if (device === undefined) throw new AppError('UNAUTHORIZED');
    // Unbinding raised the epoch: such a device is told that it is unbound, not that its token is bad.
    if (device.homeId !== undefined && device.epoch !== claims.epoch) throw new AppError('UNAUTHORIZED');
    return device;
  }

  /** @throws AppError UNAUTHORIZED; DEVICE_DISABLED; NOT_BOUND */
  async bound(authorization: string | undefined): Promise<BoundDevice> {
    const { homeId, ...device } = await this.known(authorization);
    if (homeId === undefined) throw new AppError('NOT_BOUND');
    return { ...device, homeId };
  }

  /**
   * The device an upload ticket was made for, as it is now.
   * @throws AppError FORBIDDEN when it was bound anew or unbound since; DEVICE_DISABLED
   */
  async holder({ deviceId, homeId, epoch }: BoundDevice): Promise<BoundDevice> {
    const device = await this.device(deviceId);
    if (device?.homeId !== homeId || device.epoch !== epoch) throw new AppError('FORBIDDEN');
    return { ...device, homeId };
  }

  /**
   * A device shows the same token with every request, and that it was made here does not change. Whether it still counts is
   * asked each time: of the clock here, of the device by the caller (reliability.md C-10).
   */
  private async claimsOf(token: string): Promise<TokenClaims['vr']> {
    const known = this.verified.get(token);
    if (known !== undefined && known.expiresAt > this.clock.now()) return known.claims;
    const claims = await this.tokens.verify('vr', token);
    const [oldest] = this.verified.keys();
    if (this.verified.size >= MAX_VERIFIED && oldest !== undefined) this.verified.delete(oldest);
    this.verified.set(token, { claims, expiresAt: (decodeJwt(token).exp ?? 0) * 1_000 });
    return claims;
  }

  private async device(deviceId: string): Promise<KnownDevice | undefined> {
    const row = await this.db
      .selectFrom('device')
      .select(['home_id', 'binding_epoch', 'disabled', 'public_key'])
      .where('id', '=', deviceId)
      .executeTakeFirst();
    if (row?.disabled === 1) throw new AppError('DEVICE_DISABLED');
    if (row === undefined) return undefined;
    return { deviceId, homeId: row.home_id ?? undefined, epoch: row.binding_epoch, publicKey: row.public_key ?? undefined };
  }
}
