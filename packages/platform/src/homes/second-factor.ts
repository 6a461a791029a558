import type { SecondFactorSecret } from '@cardea/api';
import { AppError } from '@cardea/core';
import type { Bus } from '../store/ports.ts';
import type { AccountEngine } from './account-engine.ts';
import { credentialHeaders, isRefusal } from './account-requests.ts';
import type { Source, Visitor } from './accounts.ts';

export interface SecondFactorOptions {
  readonly engine: AccountEngine;
  readonly bus: Bus;
  /** Runs `work`, which takes the password. @throws AppError FORBIDDEN when it is wrong; RATE_LIMITED */
  readonly provePassword: <T>(visitor: Visitor, source: Source, work: () => Promise<T>) => Promise<T>;
}

/** Codes of an authenticator app (TOTP, RFC 6238) besides the password, and recovery codes for when it is lost. */
export class SecondFactor {
  private readonly options: SecondFactorOptions;

  constructor(options: SecondFactorOptions) {
    this.options = options;
  }

  /**
   * A new secret for the app and ten recovery codes, shown once; nothing is asked for until `confirm`.
   * @throws AppError FORBIDDEN when the password is wrong; RATE_LIMITED; INVALID_STATE when there is a second factor
   */
  async begin(visitor: Visitor, password: string, source: Source): Promise<SecondFactorSecret> {
    if (visitor.user.secondFactor) throw new AppError('INVALID_STATE', undefined, { message: 'there is a second factor already' });
    const { engine, provePassword } = this.options;
    const request = { headers: credentialHeaders(visitor.credential), body: { password } };
    const made = await provePassword(visitor, source, () => engine.api.enableTwoFactor(request));
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
   * @throws AppError FORBIDDEN when the password is wrong; RATE_LIMITED
   */
  async end(visitor: Visitor, password: string, source: Source): Promise<string> {
    const { bus, engine, provePassword } = this.options;
    const request = { headers: credentialHeaders(visitor.credential), body: { password }, returnHeaders: true } as const;
    const ended = await provePassword(visitor, source, () => engine.api.disableTwoFactor(request));
    const fresh = ended.headers.get('set-auth-token');
    if (fresh === null) throw new AppError('INTERNAL_ERROR');
    bus.publish({ type: 'revoked', scope: 'session', id: visitor.principal.userSessionId });
    return fresh;
  }

  /**
   * Finishes a login whose password was right.
   * @param headers what the first step answered
   * @throws AppError UNAUTHORIZED with `secondFactor: true` when the code is wrong
   */
  async pass(headers: Headers, code: string): Promise<{ readonly headers: Headers }> {
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
      throw new AppError('UNAUTHORIZED', { secondFactor: true }, { cause: error });
    }
  }
}
