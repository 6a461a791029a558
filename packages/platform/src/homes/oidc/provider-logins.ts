import type { Identity, Login } from '@cardea/api';
import { AppError, type Clock, type Random } from '@cardea/core';
import type { IDToken } from 'openid-client';
import type { Principal } from '../../authorization/proof.ts';
import type { Db, Row } from '../../store/ports.ts';
import type { Source, Visitor } from '../accounts.ts';
import { LoginGuard } from '../login-guard.ts';
import type { OidcProvider } from './oidc-provider.ts';
import { OidcQuestions } from './oidc-question.ts';
import { assertAllowed, isOperator, type OidcRules, refused, verifiedEmail } from './oidc-rules.ts';

export interface ProviderLoginsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  /** What a browser keeps is worth something with this alone. */
  readonly secret: Uint8Array;
  readonly provider: OidcProvider;
  readonly rules: OidcRules;
  readonly authorizer: { assertFresh(principal: Principal): void };
  readonly accounts: {
    createWithoutPassword(account: { readonly email: string; readonly name: string }): Promise<string>;
    logInProven(userId: string, source: Source): Promise<Login>;
    hasPassword(userId: string): Promise<boolean>;
  };
  readonly invitations: {
    joinAs(inviteToken: string, email: string, source: Source, makeUser: () => Promise<string>): Promise<string>;
  };
  readonly operators: { appoint(userId: string, until: number | null): Promise<void>; dismiss(userId: string): Promise<void> };
}

/** What came back from the provider, and what the browser kept meanwhile. */
export interface ProviderAnswer {
  readonly query: string;
  readonly kept: string | undefined;
}

const LOGIN = 'login';
/** So often the provider has to say anew who runs the platform. */
const OPERATOR_MS = 12 * 3_600_000;

/**
 * Logins through another provider (OpenID Connect). An account there is an account here once it is linked: by its user, who
 * is logged in; by an invitation to the address the provider verified; or, for whoever runs the platform, by the rules. That
 * an address is the same links nothing: addresses of accounts made here were never verified.
 */
export class ProviderLogins {
  private readonly options: ProviderLoginsOptions;
  private readonly questions: OidcQuestions;
  private readonly guard: LoginGuard;

  constructor(options: ProviderLoginsOptions) {
    this.options = options;
    this.questions = new OidcQuestions(options);
    this.guard = new LoginGuard(options, 'provider');
  }

  /** Where the browser goes, and what it keeps. @throws AppError UNSPECIFIED when the provider is away */
  async begin(): Promise<{ readonly url: string; readonly kept: string }> {
    return await this.ask(LOGIN);
  }

  /**
   * @throws AppError UNAUTHORIZED when the answer is not that to the question of this browser; FORBIDDEN with `reason`; NOT_FOUND
   * for an invitation that is over; UNSPECIFIED when the provider is away; RATE_LIMITED
   */
  async login(answer: ProviderAnswer, inviteToken: string | undefined, source: Source): Promise<Login> {
    const { accounts, clock, operators, rules } = this.options;
    const claims = await this.guard.guard('provider', source.address, () => this.claimsOf(answer, LOGIN));
    const isRunning = isOperator(claims, rules);
    const known = await this.userOf(claims);
    const userId = known ?? (await this.newUser(claims, { inviteToken, isRunning: isRunning === true, source }));
    if (isRunning === true) await operators.appoint(userId, clock.now() + OPERATOR_MS);
    if (isRunning === false) await operators.dismiss(userId);
    return await accounts.logInProven(userId, source);
  }

  /** The same as `begin`, to link an account to the user. @throws AppError FORBIDDEN with `stepUp`; UNSPECIFIED */
  async beginLink({ principal }: Visitor): Promise<{ readonly url: string; readonly kept: string }> {
    this.options.authorizer.assertFresh(principal);
    return await this.ask(linkingBy(principal));
  }

  /** @throws AppError FORBIDDEN with `stepUp`; as `login`; ALREADY_ACTIVE when the account is linked to somebody */
  async link({ principal, user }: Visitor, answer: ProviderAnswer): Promise<Identity> {
    this.options.authorizer.assertFresh(principal);
    return present(await this.keep(await this.claimsOf(answer, linkingBy(principal)), user.id));
  }

  async list({ user }: Visitor): Promise<readonly Identity[]> {
    const rows = this.options.db.selectFrom('identity').selectAll().where('user_id', '=', user.id).orderBy('created_at');
    return (await rows.execute()).map(present);
  }

  /** @throws AppError FORBIDDEN with `stepUp`; NOT_FOUND; INVALID_STATE when it is the only way in */
  async unlink(visitor: Visitor, id: string): Promise<void> {
    const { accounts, authorizer, db } = this.options;
    authorizer.assertFresh(visitor.principal);
    const linked = await this.list(visitor);
    if (!linked.some((identity) => identity.id === id)) throw new AppError('NOT_FOUND');
    if (linked.length === 1 && !(await accounts.hasPassword(visitor.user.id))) {
      throw new AppError('INVALID_STATE', undefined, { message: 'without it nobody could log in to this account' });
    }
    await db.deleteFrom('identity').where('id', '=', id).where('user_id', '=', visitor.user.id).execute();
  }

  /** Where the browser goes to log out there, too; `undefined` where that is not possible. */
  async logoutUrl(returnTo: string): Promise<string | undefined> {
    return await this.options.provider.logoutUrl(returnTo);
  }

  private async ask(purpose: string): Promise<{ readonly url: string; readonly kept: string }> {
    const kept = this.questions.create();
    const checks = this.questions.checksOf(kept, purpose);
    if (checks === undefined) throw new AppError('INTERNAL_ERROR');
    return { url: await this.options.provider.loginUrl(checks), kept };
  }

  private async claimsOf({ query, kept = '' }: ProviderAnswer, purpose: string): Promise<IDToken> {
    const checks = this.questions.checksOf(kept, purpose);
    if (checks === undefined) throw new AppError('UNAUTHORIZED');
    const claims = await this.options.provider.claimsOf(query, checks);
    assertAllowed(claims, this.options.rules);
    return claims;
  }

  private async userOf({ iss, sub }: IDToken): Promise<string | undefined> {
    const { db } = this.options;
    const row = await db.selectFrom('identity').select('user_id').where('issuer', '=', iss).where('subject', '=', sub).executeTakeFirst();
    return row?.user_id;
  }

  private async newUser(
    claims: IDToken,
    { inviteToken, isRunning, source }: { readonly inviteToken: string | undefined; readonly isRunning: boolean; readonly source: Source },
  ): Promise<string> {
    const { accounts, invitations } = this.options;
    const email = verifiedEmail(claims);
    if (email === undefined || (inviteToken === undefined && !isRunning)) throw refused('notLinked', 'no account here is linked to it');
    const make = async (): Promise<string> => {
      const name = typeof claims.name === 'string' && claims.name !== '' ? claims.name.slice(0, 80) : email;
      const userId = await accounts.createWithoutPassword({ email, name }).catch((error: unknown) => {
        throw AppError.from(error).status === 'INVALID_STATE' ? refused('linkFirst', 'log in with the password and link it first') : error;
      });
      await this.keep(claims, userId);
      return userId;
    };
    return inviteToken === undefined ? await make() : await invitations.joinAs(inviteToken, email, source, make);
  }

  private async keep(claims: IDToken, userId: string): Promise<Row<'identity'>> {
    const { clock, db, random } = this.options;
    const row = {
      ...{ id: random.ulid(), issuer: claims.iss, subject: claims.sub, user_id: userId },
      ...{ email: verifiedEmail(claims) ?? null, created_at: clock.now() },
    };
    const { numInsertedOrUpdatedRows } = await db
      .insertInto('identity')
      .values(row)
      .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) throw new AppError('ALREADY_ACTIVE', undefined, { message: 'this account is linked already' });
    return row;
  }
}

/** An account is linked in the login that asked for it. */
function linkingBy({ userSessionId }: Principal): string {
  return `link ${userSessionId}`;
}

function present({ id, issuer, email, created_at: createdAt }: Row<'identity'>): Identity {
  return { id, issuer, createdAt, ...(email !== null && { email }) };
}
