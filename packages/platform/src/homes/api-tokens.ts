import type { Action, ApiToken, ApiTokenRequest, FreshApiToken } from '@cardea/api';
import { AppError, type Clock, type Random } from '@cardea/core';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import { grantOf } from '../authorization/grant.ts';
import type { DeviceProof, Principal } from '../authorization/proof.ts';
import type { Bus, Db, Row } from '../store/ports.ts';
import { createSecretToken, hashSecretToken } from '../tokens/secret-token.ts';
import type { Visitor } from './accounts.ts';

export interface ApiTokensOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly caps?: Caps;
  readonly authorizer: {
    homes(principal: Principal, action: Action): Promise<readonly unknown[]>;
    devices(principal: Principal, action: Action): Promise<readonly DeviceProof[]>;
  };
}

const KIND = 'cardea';
/** How exactly the last use is known. */
const TOUCH_MS = 3_600_000;

/**
 * Credentials for programs: each narrows its user to some actions on some devices, and ends when it is told to or by itself.
 * What it allows is the user's right at the time of use, so that it never allows more.
 */
export class ApiTokens {
  private readonly options: ApiTokensOptions;

  constructor(options: ApiTokensOptions) {
    this.options = options;
  }

  /** @throws AppError FORBIDDEN for an action the user has nowhere; NOT_FOUND for a device; INVALID_PARAMS; LIMIT_EXCEEDED */
  async create({ user, principal }: Visitor, request: ApiTokenRequest): Promise<FreshApiToken> {
    const { caps = defaultCaps, clock, db, random } = this.options;
    const now = clock.now();
    const { name, actions, devices, expiresAt } = request;
    if (expiresAt !== undefined && expiresAt <= now) throw new AppError('INVALID_PARAMS', { member: 'expiresAt' });
    await this.assertHeld(principal, request);
    assertRoomFor('tokensPerUser', caps, (await this.rows(user.id)).length);
    const id = random.ulid();
    const { token, hash } = createSecretToken(random, KIND);
    await db
      .insertInto('api_token')
      .values({
        ...{ id, token_hash: hash, user_id: user.id, name, actions: JSON.stringify(actions), devices: JSON.stringify(devices) },
        ...{ created_at: now, expires_at: expiresAt ?? null, used_at: null },
      })
      .execute();
    return { id, token, name, actions, devices, createdAt: now, ...(expiresAt !== undefined && { expiresAt }) };
  }

  /** Oldest first, expired ones as well. */
  async list({ user }: Visitor): Promise<readonly ApiToken[]> {
    return (await this.rows(user.id)).map(present);
  }

  /** @throws AppError NOT_FOUND */
  async remove({ user }: Visitor, id: string): Promise<void> {
    const { bus, db } = this.options;
    const { numDeletedRows } = await db.deleteFrom('api_token').where('id', '=', id).where('user_id', '=', user.id).executeTakeFirst();
    if (numDeletedRows !== 1n) throw new AppError('NOT_FOUND');
    bus.publish({ type: 'revoked', scope: 'session', id });
  }

  /** Whether a credential is meant to be one of these. */
  isOne(credential: string): boolean {
    return credential.startsWith(`${KIND}_`);
  }

  /** Who shows `credential`, or `undefined` when it is no token, or one that ended. */
  async authenticate(credential: string): Promise<Visitor | undefined> {
    const { clock, db } = this.options;
    const now = clock.now();
    const row = await db
      .selectFrom('api_token')
      .innerJoin('user', 'user.id', 'api_token.user_id')
      .selectAll('api_token')
      .select(['user.email', 'user.name as user_name', 'user.createdAt as user_created_at', 'user.twoFactorEnabled'])
      .where('token_hash', '=', hashSecretToken(credential))
      .executeTakeFirst();
    if (row === undefined || (row.expires_at ?? Number.POSITIVE_INFINITY) <= now) return undefined;
    if (now - (row.used_at ?? 0) >= TOUCH_MS) await db.updateTable('api_token').set({ used_at: now }).where('id', '=', row.id).execute();
    const within = grantOf({ ...row, hours: null, access_until: row.expires_at });
    return {
      principal: { userId: row.user_id, userSessionId: row.id, authenticatedAt: 0, within },
      user: {
        id: row.user_id,
        email: row.email,
        name: row.user_name,
        createdAt: Date.parse(row.user_created_at),
        secondFactor: row.twoFactorEnabled === 1,
      },
      credential,
    };
  }

  private async assertHeld(principal: Principal, { actions, devices }: ApiTokenRequest): Promise<void> {
    const { authorizer } = this.options;
    for (const action of actions) {
      if ((await authorizer.homes(principal, action)).length === 0) throw new AppError('FORBIDDEN', { action });
      const allowed = new Set((await authorizer.devices(principal, action)).map(({ deviceId }) => deviceId));
      if (devices.some((id) => id !== '*' && !allowed.has(id))) throw new AppError('NOT_FOUND');
    }
  }

  private async rows(userId: string): Promise<readonly Row<'api_token'>[]> {
    return await this.options.db.selectFrom('api_token').selectAll().where('user_id', '=', userId).orderBy('id').execute();
  }
}

function present({ id, name, actions, devices, created_at, expires_at, used_at }: Row<'api_token'>): ApiToken {
  return {
    id,
    name,
    actions: JSON.parse(actions) as Action[],
    devices: JSON.parse(devices) as string[],
    createdAt: created_at,
    ...(expires_at !== null && { expiresAt: expires_at }),
    ...(used_at !== null && { usedAt: used_at }),
  };
}
