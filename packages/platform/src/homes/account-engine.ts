import type { Logger, Random } from '@cardea/core';
import { betterAuth } from 'better-auth';
import { bearer } from 'better-auth/plugins/bearer';
import { oneTimeToken } from 'better-auth/plugins/one-time-token';
import { twoFactor } from 'better-auth/plugins/two-factor';
import type { Db } from '../store/ports.ts';
import { PasswordHasher } from './password-hasher.ts';
import { provenLogin } from './proven-login.ts';

/** A session ends this long after its last use. */
const SESSION_TTL_SEC = 30 * 24 * 3_600;
/** How exactly the last use is known. */
const SESSION_TOUCH_SEC = 3_600;
const ONE_TIME_TTL_MIN = 24 * 60;

export type AccountEngine = ReturnType<typeof createAccountEngine>;

/**
 * better-auth over our store, for its server functions alone: none of its routes are served and it opens no connection.
 * Its session tokens stand in the database, but count only with a signature made with `secret`, which does not.
 */
export function createAccountEngine({ db, secret, random, logger }: { db: Db; secret: Uint8Array; random: Random; logger: Logger }) {
  const hasher = new PasswordHasher();
  return betterAuth({
    database: { db, type: 'sqlite' },
    secret: Buffer.from(secret).toString('base64'),
    // Nothing is reached through it; better-auth only wants to know that it is not https.
    baseURL: 'http://localhost',
    telemetry: { enabled: false },
    logger: {
      level: 'error',
      log: (_level, message) => logger.error({ engine: 'better-auth' }, message),
    },
    advanced: { database: { generateId: () => random.ulid() } },
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 8,
      maxPasswordLength: 1_024,
      password: { hash: (password) => hasher.hash(password), verify: (pair) => hasher.verify(pair) },
    },
    session: { expiresIn: SESSION_TTL_SEC, updateAge: SESSION_TOUCH_SEC, freshAge: 0 },
    plugins: [
      bearer({ requireSignature: true }),
      oneTimeToken({ expiresIn: ONE_TIME_TTL_MIN, storeToken: 'hashed' }),
      // Wrong codes are counted by `LoginGuard`, which does not let others lock a user out.
      twoFactor({ issuer: 'Cardea', accountLockout: { enabled: false } }),
      provenLogin,
    ],
  });
}
