import { createHash, timingSafeEqual } from 'node:crypto';
import type { Login } from '@cardea/api';
import { AppError, type Random } from '@cardea/core';
import type { Accounts, Source } from './accounts.ts';
import type { Homes } from './homes.ts';
import type { Operators } from './operators.ts';

export interface SetupRequest {
  readonly setupToken: string;
  readonly email: string;
  readonly password: string;
  readonly name: string;
  /** IANA zone of the first home; that of the machine when left out. */
  readonly timezone?: string | undefined;
  readonly homeName?: string | undefined;
}

export interface SetupOptions {
  readonly accounts: Accounts;
  readonly homes: Homes;
  readonly operators: Operators;
  readonly random: Random;
}

/** Makes the first user, who runs the platform, once, for whoever holds the token printed when the platform started. */
export class Setup {
  private readonly accounts: Accounts;
  private readonly homes: Homes;
  private readonly operators: Operators;
  private readonly random: Random;
  private token: string | undefined;
  private running = false;

  constructor({ accounts, homes, operators, random }: SetupOptions) {
    this.accounts = accounts;
    this.homes = homes;
    this.operators = operators;
    this.random = random;
  }

  /** Call at each start: a fresh token for the set-up link, or `undefined` once there is an owner. */
  async start(): Promise<string | undefined> {
    this.token = (await this.needed()) ? Buffer.from(this.random.bytes(24)).toString('base64url') : undefined;
    return this.token;
  }

  async needed(): Promise<boolean> {
    return !(await this.accounts.hasUsers());
  }

  /** @throws AppError INVALID_STATE once an owner exists; UNAUTHORIZED with another token; INVALID_PARAMS */
  async complete({ setupToken, timezone, homeName = 'Home', ...account }: SetupRequest, source: Source): Promise<Login> {
    if (this.running) throw alreadySetUp();
    this.running = true;
    try {
      if (!(await this.needed())) throw alreadySetUp();
      if (this.token === undefined || !equal(setupToken, this.token)) throw new AppError('UNAUTHORIZED');
      const home = { name: homeName, timezone: timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone };
      this.homes.assertValid(home);
      const login = await this.accounts.register(account, source);
      await this.homes.create(login.user.id, home);
      await this.operators.appoint(login.user.id, null);
      this.token = undefined;
      return login;
    } finally {
      this.running = false;
    }
  }
}

function alreadySetUp(): AppError {
  return new AppError('INVALID_STATE', undefined, { message: 'this platform has an owner already' });
}

function equal(given: string, wanted: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(wanted));
}
