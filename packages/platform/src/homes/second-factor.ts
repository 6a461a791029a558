import type { SecondFactorSecret } from '@cardea/api';
import { AppError } from '@cardea/core';
import type { Bus } from '../store/ports.ts';
import type { AccountEngine } from './account-engine.ts';
import { credentialHeaders, isRefusal, refusedAs } from './account-requests.ts';
import type { Visitor } from './accounts.ts';

export interface SecondFactorOptions {
  readonly engine: AccountEngine;
  readonly bus: Bus;
}

/** Codes of an authenticator app (TOTP, RFC 6238) besides the password, and recovery codes for when it is lost. */
export class SecondFactor {
  private readonly options: SecondFactorOptions;

  constructor(options: SecondFactorOptions) {
    this.options = options;
  }

  /**
   * A new secret for the app and ten recovery codes, shown once; nothing is asked for until `confirm`.
   * @throws AppError FORBIDDEN when the password is wrong; INVALID_STATE when there is a second factor
   */
  async begin({ credential, user }: Visitor, password: string): Promise<SecondFactorSecret> {
    if (user.secondFactor) throw new AppError('INVALID_STATE', undefined, { message: 'there is a second factor already' });
    const { api } = this.options.engine;
    const made = await refusedAs('FORBIDDEN', api.enableTwoFactor({ headers: credentialHeaders(credential), body: { password } }));
    if (made.method !== 'totp') throw new AppError('INTERNAL_ERROR');
    return { uri: made.totpURI, recoveryCodes: made.backupCodes };
  }

  /**
   * Asks for the factor from now on, once the app shows the right code; resolves with the credential of the login that takes
   * the place of this one.
   * @throws AppError FORBIDDEN when the code is wrong; INVALID_STATE without `begin`
   */
  async confirm({ credential, principal, user }: Visitor, code: string): Promise<string> {
    if (user.secondFactor) throw new AppError('INVALID_STATE', undefined, { message: 'there is a second factor already' });
    const { bus, engine } = this.options;
    const request = { headers: credentialHeaders(credential), body: { code }, returnHeaders: true } as const;
    const verified = await engine.api.verifyTOTP(request).catch((error: unknown) => {
      if (!isRefusal(error)) throw AppError.from(error);
      throw new AppError(error.statusCode === 401 ? 'FORBIDDEN' : 'INVALID_STATE', undefined, { cause: error });
    });
    const fresh = verified.headers.get('set-auth-token');
    if (fresh === null) throw new AppError('INTERNAL_ERROR');
    bus.publish({ type: 'revoked', scope: 'session', id: principal.userSessionId });
    return fresh;
  }

  /**
   * Asks for the password alone again; resolves with the credential of the login that takes the place of this one.
   * @throws AppError FORBIDDEN when the password is wrong
   */
  async end({ credential, principal }: Visitor, password: string): Promise<string> {
    const { bus, engine } = this.options;
    const request = { headers: credentialHeaders(credential), body: { password }, returnHeaders: true } as const;
    const ended = await refusedAs('FORBIDDEN', engine.api.disableTwoFactor(request));
    const fresh = ended.headers.get('set-auth-token');
    if (fresh === null) throw new AppError('INTERNAL_ERROR');
    bus.publish({ type: 'revoked', scope: 'session', id: principal.userSessionId });
    return fresh;
  }

  /**
   * Finishes a login whose password was right.
   * @param headers what the first step answered
   * @throws AppError UNAUTHORIZED with `secondFactor: true` when the code is missing or wrong; RATE_LIMITED
   */
  async pass(headers: Headers, code: string | undefined): Promise<{ readonly headers: Headers }> {
    if (code === undefined) throw new AppError('UNAUTHORIZED', { secondFactor: true });
    const cookie = headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0])
      .join('; ');
    const { api } = this.options.engine;
    const request = { headers: new Headers({ cookie }), body: { code: code.trim() }, returnHeaders: true } as const;
    try {
      return await (/^\d{6}$/.test(request.body.code) ? api.verifyTOTP(request) : api.verifyBackupCode(request));
    } catch (error) {
      if (!isRefusal(error)) throw AppError.from(error);
      if (error.statusCode === 429) throw new AppError('RATE_LIMITED', undefined, { cause: error, retryAfterMs: LOCKED_MS });
      throw new AppError('UNAUTHORIZED', { secondFactor: true }, { cause: error });
    }
  }
}

/** After ten wrong codes in a row, whoever types them: they knew the password. */
const LOCKED_MS = 15 * 60_000;
