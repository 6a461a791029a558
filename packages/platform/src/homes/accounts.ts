import type { Login, Session, User } from '@cardea/api';
import { AppError, type Clock, hasStatus, type Logger, type Random } from '@cardea/core';
import type { Principal } from '../authorization/proof.ts';
import type { Bus, Db } from '../store/ports.ts';
import { type AccountEngine, createAccountEngine } from './account-engine.ts';
import { AccountGuard, type Attempt } from './account-guard.ts';
import { credentialHeaders, isRefusal, refusedAs } from './account-requests.ts';
import { purgeTries } from './failure-limiter.ts';
import { KnownDevices } from './known-devices.ts';
import { LoginGuard } from './login-guard.ts';
import { SecondFactor } from './second-factor.ts';

/** Where a request comes from. */
export interface Source {
  readonly address: string;
  readonly userAgent?: string | undefined;
  /** The secret of a known device, where one is shown. */
  readonly device?: string | undefined;
}

/** Someone who showed a valid session. */
export interface Visitor {
  readonly principal: Principal;
  readonly user: User;
  /** What was shown: the bearer token of the session. */
  readonly credential: string;
}

export interface LoginRequest {
  readonly email: string;
  readonly password: string;
  /** Of the second factor, where the account has one. */
  readonly code?: string | undefined;
}

export interface AccountsOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Signs sessions; a copy of the database is useless without it. */
  readonly sessionSecret: Uint8Array;
}

/** Users and their sessions. The one place that knows better-auth. */
export class Accounts {
  readonly secondFactor: SecondFactor;
  private readonly devices: KnownDevices;
  private readonly db: Db;
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly engine: AccountEngine;
  private readonly guard: LoginGuard;
  private readonly accountGuard: AccountGuard;

  constructor({ db, bus, clock, random, logger, sessionSecret }: AccountsOptions) {
    this.db = db;
    this.bus = bus;
    this.clock = clock;
    this.engine = createAccountEngine({ db, secret: sessionSecret, random, logger });
    this.guard = new LoginGuard({ clock, db }, 'one-time token');
    this.accountGuard = new AccountGuard({ clock, db });
    this.devices = new KnownDevices({ db, clock, random });
    this.secondFactor = new SecondFactor({ engine: this.engine, bus, provePassword: (...proof) => this.provePassword(...proof) });
  }

  /** Whether anybody has an account yet. */
  async hasUsers(): Promise<boolean> {
    return (await this.db.selectFrom('user').select('id').limit(1).executeTakeFirst()) !== undefined;
  }

  /** Makes a user and logs in. @throws AppError INVALID_STATE when the address is taken; INVALID_PARAMS when it is no address */
  async register(account: { readonly email: string; readonly password: string; readonly name: string }, source: Source): Promise<Login> {
    try {
      return await this.logIn(this.engine.api.signUpEmail({ body: account, headers: headersOf(source), returnHeaders: true }));
    } catch (error) {
      if (!isRefusal(error)) throw AppError.from(error);
      const taken = error.statusCode === 422;
      throw new AppError(taken ? 'INVALID_STATE' : 'INVALID_PARAMS', undefined, { cause: error, message: error.message });
    }
  }

  /**
   * @throws AppError UNAUTHORIZED whatever is wrong, after the same work, with `secondFactor: true` once only the code is missing
   * or wrong; RATE_LIMITED after repeated failures
   */
  async login({ email, password, code }: LoginRequest, source: Source): Promise<Login> {
    const attempt = { ...(await this.attemptOf(email, source)), withCode: code !== undefined };
    return await this.accountGuard.password(attempt, async () => {
      const request = { body: { email, password }, headers: headersOf(source), returnHeaders: true } as const;
      const first = await refusedAs('UNAUTHORIZED', this.engine.api.signInEmail(request));
      if (!('twoFactorRedirect' in first.response)) return await this.logIn(Promise.resolve(first));
      if (code === undefined) throw new AppError('UNAUTHORIZED', { secondFactor: true });
      return await this.logIn(this.accountGuard.code(attempt, () => this.secondFactor.pass(first.headers, code)));
    });
  }

  /** Makes a user who logs in another way; the address was verified. @throws AppError INVALID_STATE when it is taken */
  async createWithoutPassword({ email, name }: { readonly email: string; readonly name: string }): Promise<string> {
    const { internalAdapter } = await this.engine.$context;
    const taken = new AppError('INVALID_STATE', undefined, { message: 'there is an account with this address' });
    if ((await internalAdapter.findUserByEmail(email)) !== null) throw taken;
    const { id } = await internalAdapter.createUser({ email, name, emailVerified: true }, { method: 'sso-oidc' });
    return id;
  }

  /** Whether the user can log in with a password. */
  async hasPassword(userId: string): Promise<boolean> {
    const row = this.db.selectFrom('account').select('userId').where('userId', '=', userId).where('providerId', '=', 'credential');
    return (await row.executeTakeFirst()) !== undefined;
  }

  /** Logs in a user who proved who they are in another way. @throws AppError UNAUTHORIZED when there is no such user */
  async logInProven(userId: string, source: Source): Promise<Login> {
    const request = { body: { userId }, headers: headersOf(source), returnHeaders: true } as const;
    return await this.logIn(refusedAs('UNAUTHORIZED', this.engine.api.logInProven(request)));
  }

  /** Makes known the device somebody just logged in from; returns the secret it is to keep. */
  async rememberDevice({ token }: Pick<Login, 'token'>, shown: string | undefined): Promise<string> {
    const visitor = await this.authenticate(token);
    if (visitor === undefined) throw new AppError('UNAUTHORIZED');
    const { userId, userSessionId: sessionId } = visitor.principal;
    return await this.devices.remember({ userId, sessionId }, shown);
  }

  /** The login with a credential made a moment ago. */
  async loginOf(credential: string): Promise<Login> {
    return await this.logIn(Promise.resolve({ headers: new Headers({ 'set-auth-token': credential }) }));
  }

  /** A secret with which somebody else can take over this session, once and within a day; for a link that logs in. */
  async createOneTimeToken(credential: string): Promise<string> {
    const { token } = await refusedAs('UNAUTHORIZED', this.engine.api.generateOneTimeToken({ headers: credentialHeaders(credential) }));
    return token;
  }

  /** @throws AppError UNAUTHORIZED when the token was used, has expired or never was; RATE_LIMITED */
  async loginOnce(token: string, source: Source): Promise<Login> {
    return await this.guard.guard('one-time token', source.address, () =>
      refusedAs(
        'UNAUTHORIZED',
        this.logIn(this.engine.api.verifyOneTimeToken({ body: { token }, headers: headersOf(source), returnHeaders: true })),
      ),
    );
  }

  /** Who shows `credential`, or `undefined` when it is no session, or one that ended. */
  async authenticate(credential: string): Promise<Visitor | undefined> {
    const found = await refusedAs('UNAUTHORIZED', this.engine.api.getSession({ headers: credentialHeaders(credential) }));
    if (found === null || found.session.expiresAt.getTime() <= this.clock.now()) return undefined;
    const { session, user } = found;
    return {
      principal: { userId: user.id, userSessionId: session.id, authenticatedAt: session.createdAt.getTime() },
      user: toUser(user),
      credential,
    };
  }

  /** Where the visitor is logged in. */
  async sessions({ principal, credential }: Visitor): Promise<readonly Session[]> {
    const sessions = await this.engine.api.listSessions({ headers: credentialHeaders(credential) });
    return sessions.map((session) => ({
      id: session.id,
      current: session.id === principal.userSessionId,
      createdAt: session.createdAt.getTime(),
      usedAt: session.updatedAt.getTime(),
      expiresAt: session.expiresAt.getTime(),
      ...(session.userAgent ? { userAgent: session.userAgent } : {}),
      ...(session.ipAddress ? { address: session.ipAddress } : {}),
    }));
  }

  /** Logs out one session of the visitor, by id or `current`. @throws AppError NOT_FOUND */
  async endSession({ principal, credential }: Visitor, id: string): Promise<void> {
    const headers = credentialHeaders(credential);
    const wanted = id === 'current' ? principal.userSessionId : id;
    const session = (await this.engine.api.listSessions({ headers })).find((candidate) => candidate.id === wanted);
    if (session === undefined) throw new AppError('NOT_FOUND');
    await this.engine.api.revokeSession({ headers, body: { token: session.token } });
    if (wanted !== principal.userSessionId) await this.devices.forget(principal.userId, wanted);
    this.bus.publish({ type: 'revoked', scope: 'session', id: wanted });
  }

  /** @throws AppError INVALID_PARAMS */
  async rename({ user, credential }: Visitor, name: string): Promise<User> {
    await refusedAs('INVALID_PARAMS', this.engine.api.updateUser({ headers: credentialHeaders(credential), body: { name } }));
    return { ...user, name };
  }

  /** Sets another password and ends all other sessions. @throws AppError FORBIDDEN when `current` is wrong; RATE_LIMITED */
  async changePassword(
    visitor: Visitor,
    { current, next }: { readonly current: string; readonly next: string },
    source: Source,
  ): Promise<void> {
    const headers = credentialHeaders(visitor.credential);
    const others = (await this.sessions(visitor)).filter((session) => !session.current);
    const body = { currentPassword: current, newPassword: next };
    await this.provePassword(visitor, source, () => this.engine.api.changePassword({ headers, body }));
    await this.engine.api.revokeOtherSessions({ headers });
    await this.devices.forgetOthers(visitor.user.id, visitor.principal.userSessionId);
    for (const { id } of others) this.bus.publish({ type: 'revoked', scope: 'session', id });
  }

  /** Names of users, by id. */
  async namesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (userIds.length === 0) return new Map();
    const rows = await this.db.selectFrom('user').select(['id', 'name']).where('id', 'in', userIds).execute();
    return new Map(rows.map((row) => [row.id, row.name]));
  }

  /** Removes what has expired; call now and then. */
  async purgeExpired(): Promise<void> {
    const now = new Date(this.clock.now()).toISOString();
    await this.db.deleteFrom('session').where('expiresAt', '<', now).execute();
    await this.db.deleteFrom('verification').where('expiresAt', '<', now).execute();
    await this.devices.purgeExpired();
    await purgeTries({ clock: this.clock, db: this.db });
  }

  /** Does what takes the password of whoever is logged in. @throws AppError FORBIDDEN when it is wrong; RATE_LIMITED */
  private async provePassword<T>({ user }: Visitor, source: Source, work: () => Promise<T>): Promise<T> {
    try {
      const attempt = await this.attemptOf(user.email, source);
      return await this.accountGuard.password(attempt, () => refusedAs('UNAUTHORIZED', work()));
    } catch (error) {
      if (!hasStatus(error, 'UNAUTHORIZED')) throw error;
      throw new AppError('FORBIDDEN', undefined, { cause: error, message: 'the password is wrong' });
    }
  }

  private async attemptOf(account: string, { address, device }: Source): Promise<Attempt> {
    return { account, address, device: await this.devices.find(account, device) };
  }

  private async logIn(started: Promise<{ readonly headers: Headers }>): Promise<Login> {
    const token = (await started).headers.get('set-auth-token');
    const found = token === null ? null : await this.engine.api.getSession({ headers: credentialHeaders(token) });
    if (token === null || found === null) throw new AppError('INTERNAL_ERROR');
    return { user: toUser(found.user), token, expiresAt: found.session.expiresAt.getTime() };
  }
}

/** better-auth reads where a login comes from out of these two. */
function headersOf({ address, userAgent }: Source): Headers {
  return new Headers({ 'x-forwarded-for': address, ...(userAgent === undefined ? {} : { 'user-agent': userAgent.slice(0, 256) }) });
}

function toUser(user: {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly twoFactorEnabled?: boolean | null | undefined;
}): User {
  const { id, email, name, createdAt, twoFactorEnabled } = user;
  return { id, email, name, createdAt: createdAt.getTime(), secondFactor: twoFactorEnabled === true };
}
