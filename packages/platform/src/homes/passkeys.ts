import { generateKeyPairSync } from 'node:crypto';
import { isIP } from 'node:net';
import type { Login, Passkey, PasskeyAssertion, PasskeyAttestation, PasskeyCreation, PasskeyQuestion } from '@cardea/api';
import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import type { Principal } from '../authorization/proof.ts';
import type { Db, Row } from '../store/ports.ts';
import type { Source, Visitor } from './accounts.ts';
import { LoginGuard } from './login-guard.ts';
import { PasskeyChallenges } from './passkey-challenges.ts';

export interface PasskeysOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly caps?: Caps;
  readonly logger: Logger;
  /** Signs challenges. */
  readonly secret: Uint8Array;
  /** Origin under which users reach the platform: keys are made for its host and count nowhere else. */
  readonly publicUrl: () => string;
  readonly authorizer: { assertFresh(principal: Principal): void };
  readonly accounts: { logInProven(userId: string, source: Source): Promise<Login> };
}

const LOGIN = 'login';
/** EdDSA, ES256 and RS256 (RFC 9053), in the order of preference. */
const ALGORITHMS = [-8, -7, -257];

/**
 * Keys in the devices of users that log them in (WebAuthn Level 3): the device asks for finger, face or PIN itself, so that
 * neither password nor second factor is asked for besides.
 */
export class Passkeys {
  private readonly options: PasskeysOptions;
  private readonly challenges: PasskeyChallenges;
  private readonly guard: LoginGuard;
  /** In place of the key of a passkey that nobody has, so that refusing it takes as long. */
  private readonly nobodysKey = createPublicKey();

  constructor(options: PasskeysOptions) {
    this.options = options;
    this.challenges = new PasskeyChallenges(options);
    this.guard = new LoginGuard(options, 'passkey');
  }

  /** The host name keys are made for; `undefined` for a bare address, for which browsers make none (WebAuthn Level 3, 5.1.3). */
  get host(): string | undefined {
    const { hostname } = new URL(this.options.publicUrl());
    return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : undefined;
  }

  /** @throws AppError FORBIDDEN with `stepUp`; LIMIT_EXCEEDED; NOT_SUPPORTED where the platform has no host name */
  async begin({ principal, user }: Visitor): Promise<PasskeyCreation> {
    this.options.authorizer.assertFresh(principal);
    const present = await this.rows(user.id);
    assertRoomFor('passkeysPerUser', this.options.caps ?? defaultCaps, present.length);
    const { generateRegistrationOptions } = await import('@simplewebauthn/server');
    return await generateRegistrationOptions({
      ...{ rpName: 'Cardea', rpID: this.assertHost(), userName: user.email, userDisplayName: user.name, userID: Buffer.from(user.id) },
      challenge: Buffer.from(this.challenges.create(makingBy(principal)), 'base64url'),
      excludeCredentials: present.map(({ credential_id: id, transports }) => ({ id, transports: transportsOf(transports) })),
      supportedAlgorithmIDs: ALGORITHMS,
      // Found by the device itself, and only after it knew its user.
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
  }

  /** @throws AppError FORBIDDEN with `stepUp`; INVALID_PARAMS when the key is not what was asked for; ALREADY_ACTIVE; LIMIT_EXCEEDED */
  async create({ principal, user }: Visitor, { name, credential }: { name: string; credential: PasskeyAttestation }): Promise<Passkey> {
    const { authorizer, clock, db, random } = this.options;
    authorizer.assertFresh(principal);
    const { challenge, made } = await this.attested(principal, credential);
    if (!(await this.challenges.use(challenge))) throw new AppError('INVALID_PARAMS', { member: 'credential' });
    const row: Row<'passkey'> = {
      ...{ id: random.ulid(), user_id: user.id, name, created_at: clock.now(), used_at: null },
      ...{ credential_id: made.credential.id, public_key: Buffer.from(made.credential.publicKey).toString('base64url') },
      ...{ counter: made.credential.counter, synced: made.credentialDeviceType === 'multiDevice' ? 1 : 0 },
      transports: JSON.stringify(credential.response.transports ?? []),
    };
    assertRoomFor('passkeysPerUser', this.options.caps ?? defaultCaps, (await this.rows(user.id)).length);
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('passkey')
      .values(row)
      .onConflict((conflict) => conflict.column('credential_id').doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) throw new AppError('ALREADY_ACTIVE', undefined, { message: 'this passkey is known already' });
    return present(row);
  }

  /** Oldest first. */
  async list({ user }: Visitor): Promise<readonly Passkey[]> {
    return (await this.rows(user.id)).map(present);
  }

  /** @throws AppError NOT_FOUND */
  async rename({ user }: Visitor, id: string, name: string): Promise<Passkey> {
    const { db } = this.options;
    const row = await db
      .updateTable('passkey')
      .set({ name })
      .where('id', '=', id)
      .where('user_id', '=', user.id)
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) throw new AppError('NOT_FOUND');
    return present(row);
  }

  /** What it logged in stays logged in. @throws AppError FORBIDDEN with `stepUp`; NOT_FOUND */
  async remove({ principal, user }: Visitor, id: string): Promise<void> {
    const { authorizer, db } = this.options;
    authorizer.assertFresh(principal);
    const { numDeletedRows } = await db.deleteFrom('passkey').where('id', '=', id).where('user_id', '=', user.id).executeTakeFirst();
    if (numDeletedRows !== 1n) throw new AppError('NOT_FOUND');
  }

  /** @throws AppError NOT_SUPPORTED where the platform has no host name */
  async ask(): Promise<PasskeyQuestion> {
    const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
    const { challenge, rpId, timeout, userVerification } = await generateAuthenticationOptions({
      rpID: this.assertHost(),
      challenge: Buffer.from(this.challenges.create(LOGIN), 'base64url'),
      userVerification: 'required',
    });
    return { challenge, ...(rpId && { rpId }), ...(timeout && { timeout }), ...(userVerification && { userVerification }) };
  }

  /** @throws AppError UNAUTHORIZED whatever is wrong, after the same work; RATE_LIMITED */
  async login(assertion: PasskeyAssertion, source: Source): Promise<Login> {
    const { accounts, db } = this.options;
    return await this.guard.guard('passkey', source.address, async () => {
      const found = await db.selectFrom('passkey').selectAll().where('credential_id', '=', assertion.id).executeTakeFirst();
      const { challenge, counter } = await this.asserted(assertion, found?.public_key ?? this.nobodysKey);
      const { userHandle } = assertion.response;
      const isTheirs = userHandle === undefined || Buffer.from(userHandle, 'base64url').toString() === found?.user_id;
      if (found === undefined || !isTheirs || !(await this.challenges.use(challenge))) throw new AppError('UNAUTHORIZED');
      await this.count(found, counter);
      return await accounts.logInProven(found.user_id, source);
    });
  }

  /** Removes what has expired; call now and then. */
  async purgeExpired(): Promise<void> {
    await this.challenges.purgeExpired();
  }

  /** @throws AppError UNAUTHORIZED when the device says that it signed less often than it did: there are two of it (6.1.1) */
  private async count({ id, user_id: userId }: Row<'passkey'>, counter: number): Promise<void> {
    const { clock, db, logger } = this.options;
    const { numUpdatedRows } = await db
      .updateTable('passkey')
      .set({ counter, used_at: clock.now() })
      .where('id', '=', id)
      // Those that do not count say 0 for good.
      .where((row) => row.or([row('counter', '<', counter), row.and([row('counter', '=', 0), row.lit(counter === 0)])]))
      .executeTakeFirst();
    if (numUpdatedRows === 1n) return;
    logger.warn({ userId, passkeyId: id }, 'a passkey signed with a counter that went back: it may have been copied');
    throw new AppError('UNAUTHORIZED');
  }

  private async attested(principal: Principal, response: PasskeyAttestation) {
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
    let answered = '';
    const expectedChallenge = (challenge: string): boolean => {
      answered = challenge;
      return this.challenges.isGood(challenge, makingBy(principal));
    };
    const request = { response, expectedChallenge, ...this.expected(), requireUserVerification: true, supportedAlgorithmIDs: ALGORITHMS };
    const { registrationInfo: made } = await verifyRegistrationResponse(request).catch((error: unknown) => {
      throw new AppError('INVALID_PARAMS', { member: 'credential' }, { cause: error });
    });
    if (made === undefined) throw new AppError('INVALID_PARAMS', { member: 'credential' });
    return { challenge: answered, made };
  }

  private async asserted(response: PasskeyAssertion, publicKey: string): Promise<{ readonly challenge: string; readonly counter: number }> {
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    let answered = '';
    const expectedChallenge = (challenge: string): boolean => {
      answered = challenge;
      return this.challenges.isGood(challenge, LOGIN);
    };
    // The counter is compared once the signature holds, and as it is written.
    const credential = { id: response.id, publicKey: new Uint8Array(Buffer.from(publicKey, 'base64url')), counter: 0 };
    const request = { response, expectedChallenge, ...this.expected(), credential, requireUserVerification: true };
    const { verified, authenticationInfo } = await verifyAuthenticationResponse(request).catch((error: unknown) => {
      throw new AppError('UNAUTHORIZED', undefined, { cause: error });
    });
    if (!verified) throw new AppError('UNAUTHORIZED');
    return { challenge: answered, counter: authenticationInfo.newCounter };
  }

  private expected(): { readonly expectedOrigin: string; readonly expectedRPID: string } {
    return { expectedOrigin: new URL(this.options.publicUrl()).origin, expectedRPID: this.assertHost() };
  }

  private assertHost(): string {
    if (this.host !== undefined) return this.host;
    throw new AppError('NOT_SUPPORTED', undefined, { message: 'passkeys need a host name: set publicUrl to one' });
  }

  private async rows(userId: string): Promise<readonly Row<'passkey'>[]> {
    return await this.options.db.selectFrom('passkey').selectAll().where('user_id', '=', userId).orderBy('id').execute();
  }
}

/** A challenge for a new key counts in the login that asked for it. */
function makingBy({ userSessionId }: Principal): string {
  return `make ${userSessionId}`;
}

function transportsOf(json: string): string[] {
  const transports: unknown = JSON.parse(json);
  return Array.isArray(transports) ? transports.map(String) : [];
}

function present({ id, name, synced, created_at, used_at }: Row<'passkey'>): Passkey {
  return { id, name, synced: synced === 1, createdAt: created_at, ...(used_at !== null && { usedAt: used_at }) };
}

/** A P-256 key as COSE (RFC 9053 7.1.1), base64url, whose private half nobody has. */
function createPublicKey(): string {
  const { x = '', y = '' } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });
  const coordinate = (label: number, value: string): Buffer[] => [Buffer.from([label, 0x58, 32]), Buffer.from(value, 'base64url')];
  return Buffer.concat([Buffer.from([0xa5, 1, 2, 3, 0x26, 0x20, 1]), ...coordinate(0x21, x), ...coordinate(0x22, y)]).toString('base64url');
}
