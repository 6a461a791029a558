import type { Clock, Random } from '@cardea/core';
import type { Db } from '../store/ports.ts';
import { createSecretToken, hashSecretToken } from '../tokens/secret-token.ts';

/** A browser that was not used for so long is like any other. */
const TTL_MS = 90 * 24 * 3_600_000;
const MAX_PER_USER = 50;

export interface KnownDevicesOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Browsers in which a user logged in before, known by a secret they keep. It logs nobody in: it only says that what others
 * guess at the account is not to be held against this browser (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
 */
export class KnownDevices {
  private readonly options: KnownDevicesOptions;

  constructor(options: KnownDevicesOptions) {
    this.options = options;
  }

  /** Names the device that shows `secret`; `undefined` unless that account was logged in to in it. */
  async find(email: string, secret: string | undefined): Promise<string | undefined> {
    if (secret === undefined) return undefined;
    const row = await this.options.db
      .selectFrom('known_device')
      .innerJoin('user', 'user.id', 'known_device.user_id')
      .select('token_hash')
      .where('token_hash', '=', hashSecretToken(secret))
      .where('user.email', '=', email.toLowerCase())
      .where('known_device.expires_at', '>', this.options.clock.now())
      .executeTakeFirst();
    return row?.token_hash;
  }

  /** Makes known the device of a login; what it showed until now counts no more. Returns the secret it is to keep. */
  async remember({ userId, sessionId }: { readonly userId: string; readonly sessionId: string }, shown?: string): Promise<string> {
    const { clock, db, random } = this.options;
    const { token, hash } = createSecretToken(random, 'device');
    await db.transaction().execute(async (tx) => {
      if (shown !== undefined) await tx.deleteFrom('known_device').where('token_hash', '=', hashSecretToken(shown)).execute();
      const row = { token_hash: hash, user_id: userId, session_id: sessionId, expires_at: clock.now() + TTL_MS };
      await tx.insertInto('known_device').values(row).execute();
      const newest = tx.selectFrom('known_device').select('token_hash').where('user_id', '=', userId);
      await tx
        .deleteFrom('known_device')
        .where('user_id', '=', userId)
        .where('token_hash', 'not in', newest.orderBy('expires_at', 'desc').limit(MAX_PER_USER))
        .execute();
    });
    return token;
  }

  /** Forgets the device of a login that somebody ended. */
  async forget(userId: string, sessionId: string): Promise<void> {
    await this.options.db.deleteFrom('known_device').where('user_id', '=', userId).where('session_id', '=', sessionId).execute();
  }

  /** Forgets all devices of a user but that of one login. */
  async forgetOthers(userId: string, sessionId: string): Promise<void> {
    await this.options.db.deleteFrom('known_device').where('user_id', '=', userId).where('session_id', '<>', sessionId).execute();
  }

  /** Removes what has expired; call now and then. */
  async purgeExpired(): Promise<void> {
    await this.options.db.deleteFrom('known_device').where('expires_at', '<=', this.options.clock.now()).execute();
  }
}
