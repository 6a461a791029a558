import type { Acceptance, Invitation, InvitationRequest, InvitationSummary, Joined, Member, Role } from '@cardea/api';
import { AppError, type Clock, type Random } from '@cardea/core';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import { assertWithin, grantOf, storedGrant } from '../authorization/grant.ts';
import type { HomeProof } from '../authorization/proof.ts';
import type { Db, Row } from '../store/ports.ts';
import { createSecretToken, hashSecretToken } from '../tokens/secret-token.ts';
import type { Accounts, Source, Visitor } from './accounts.ts';
import { LoginGuard } from './login-guard.ts';
import { allowedBy, type Members } from './members.ts';

export interface InvitationsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly caps?: Caps;
  readonly accounts: Accounts;
  readonly members: Members;
  /** Origin under which users reach the platform. */
  readonly publicUrl: () => string;
}

type InvitationRow = Row<'invitation'>;

const TTL_MS = 7 * 24 * 3_600_000;

/** Links that let people into a home. Each works once, for a week; unknown, used and expired ones look the same. */
export class Invitations {
  private readonly options: InvitationsOptions;
  private readonly guard: LoginGuard;

  constructor(options: InvitationsOptions) {
    this.options = options;
    this.guard = new LoginGuard(options, 'invitation');
  }

  /** @throws AppError FORBIDDEN for more than the principal has; INVALID_PARAMS; LIMIT_EXCEEDED */
  async create(proof: HomeProof<'manage'>, { email, role: wish, accessUntil }: InvitationRequest): Promise<Invitation> {
    const { caps = defaultCaps, clock, db, members, publicUrl, random } = this.options;
    const { role, grant: wished } = await members.rightFor(proof, wish);
    const grant = { ...wished, until: accessUntil };
    for (const own of proof.held) assertWithin(grant, own);
    const now = clock.now();
    if (accessUntil !== undefined && accessUntil <= now) throw new AppError('INVALID_PARAMS', { member: 'accessUntil' });
    const open = await this.open(proof.homeId).execute();
    assertRoomFor('invitationsPerHome', caps, open.length);
    const id = random.ulid();
    const { token, hash } = createSecretToken(random, 'invite');
    const expiresAt = now + TTL_MS;
    await db
      .insertInto('invitation')
      .values({
        ...{ id, token_hash: hash, home_id: proof.homeId, email: email?.toLowerCase() ?? null, role, ...storedGrant(grant) },
        ...{ created_by: proof.principal.userId, created_at: now, expires_at: expiresAt },
      })
      .execute();
    return { id, inviteUrl: `${publicUrl()}/invitation#token=${token}`, inviteToken: token, expiresAt };
  }

  /** The open ones of a home, oldest first. */
  async list({ homeId }: HomeProof<'manage'>): Promise<readonly Member[]> {
    return (await this.open(homeId).orderBy('created_at').execute()).map(toMember);
  }

  /** Takes one back. Returns whether there was one. */
  async remove({ homeId }: HomeProof<'manage'>, id: string): Promise<boolean> {
    const { numDeletedRows } = await this.options.db
      .deleteFrom('invitation')
      .where('id', '=', id)
      .where('home_id', '=', homeId)
      .executeTakeFirst();
    return numDeletedRows === 1n;
  }

  /** What an invitation says. @throws AppError NOT_FOUND; RATE_LIMITED */
  async show(inviteToken: string, source: Source): Promise<InvitationSummary> {
    const row = await this.find(inviteToken, source);
    const { accounts, db } = this.options;
    const [home, names] = await Promise.all([
      db.selectFrom('home').select('name').where('id', '=', row.home_id).executeTakeFirstOrThrow(),
      accounts.namesOf([row.created_by]),
    ]);
    return {
      homeName: home.name,
      invitedBy: names.get(row.created_by) ?? '',
      ...(row.email !== null && { email: row.email }),
      role: row.role as Role,
      expiresAt: row.expires_at,
    };
  }

  /**
   * Joins the home, as the user who is logged in or as a new one.
   * @throws AppError NOT_FOUND; FORBIDDEN when the invitation is for another address; INVALID_PARAMS when a new user lacks name,
   * address or password; INVALID_STATE when the address has an account, which has to log in first; ALREADY_ACTIVE
   */
  async accept({ inviteToken, ...account }: Acceptance, visitor: Visitor | undefined, source: Source): Promise<Joined> {
    const row = await this.find(inviteToken, source);
    const email = (visitor?.user.email ?? account.email ?? row.email ?? '').toLowerCase();
    assertFor(row, email);
    if (visitor !== undefined) {
      await this.take(row, visitor.user.id);
      return { user: visitor.user, token: visitor.credential, homeId: row.home_id };
    }
    const { name, password } = account;
    if (name === undefined || password === undefined || email === '') {
      throw new AppError('INVALID_PARAMS', { members: ['email', 'name', 'password'] }, { message: 'a new user needs all of them' });
    }
    const { user, token } = await this.options.accounts.register({ email, name, password }, source);
    await this.take(row, user.id);
    return { user, token, homeId: row.home_id };
  }

  /**
   * Lets a new user join whose address somebody else proved; `makeUser` runs once the invitation is known to be for it.
   * @throws AppError NOT_FOUND; FORBIDDEN when the invitation is for another address; RATE_LIMITED; what `makeUser` throws
   */
  async joinAs(inviteToken: string, email: string, source: Source, makeUser: () => Promise<string>): Promise<string> {
    const row = await this.find(inviteToken, source);
    assertFor(row, email);
    const userId = await makeUser();
    await this.take(row, userId);
    return userId;
  }

  /** Removes what has expired; call now and then. */
  async purgeExpired(): Promise<void> {
    await this.options.db.deleteFrom('invitation').where('expires_at', '<=', this.options.clock.now()).execute();
  }

  private async find(inviteToken: string, { address }: Source): Promise<InvitationRow> {
    const { clock, db } = this.options;
    const look = async (): Promise<InvitationRow> => {
      const row = await db
        .selectFrom('invitation')
        .selectAll()
        .where('token_hash', '=', hashSecretToken(inviteToken))
        .where('expires_at', '>', clock.now())
        .executeTakeFirst();
      if (row === undefined) throw new AppError('UNAUTHORIZED');
      return row;
    };
    return await this.guard.guard('invitation', address, look).catch((error: unknown) => {
      const refusal = AppError.from(error);
      throw refusal.status === 'UNAUTHORIZED' ? new AppError('NOT_FOUND') : refusal;
    });
  }

  /** Of several who accept at once, one joins. */
  private async take(row: InvitationRow, userId: string): Promise<void> {
    await this.options.db.transaction().execute(async (tx) => {
      const { numDeletedRows } = await tx.deleteFrom('invitation').where('id', '=', row.id).executeTakeFirst();
      if (numDeletedRows !== 1n) throw new AppError('NOT_FOUND');
      await this.options.members.add(tx, row.home_id, userId, { role: row.role, grant: grantOf(row) });
    });
  }

  private open(homeId: string) {
    const { clock, db } = this.options;
    return db.selectFrom('invitation').selectAll().where('home_id', '=', homeId).where('expires_at', '>', clock.now());
  }
}

function assertFor({ email: invited }: InvitationRow, email: string): void {
  if (invited !== null && invited !== email) {
    throw new AppError('FORBIDDEN', undefined, { message: 'the invitation is for another address' });
  }
}

function toMember(row: InvitationRow): Member {
  return {
    id: row.id,
    state: 'invited',
    ...(row.email !== null && { email: row.email }),
    ...allowedBy(row),
    since: row.created_at,
    expiresAt: row.expires_at,
  };
}
