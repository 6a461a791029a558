import { type Member, type Role, type RoleWish, roleActions } from '@cardea/api';
import { AppError, type Clock } from '@cardea/core';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import { assertWithin, type Grant, grantOf, type StoredGrant, storedGrant } from '../authorization/grant.ts';
import type { HomeProof, Principal } from '../authorization/proof.ts';
import type { Bus, Db, Row } from '../store/ports.ts';

export interface MembersOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly caps?: Caps;
  readonly authorizer: { assertFresh(principal: Principal): void };
  /** Somebody of the home may do less than before, or belongs to it no more. */
  readonly onLess?: (homeId: string) => void;
}

/** What somebody who comes into a home may do there. */
export interface NewRight {
  readonly role: string;
  readonly grant: Grant;
  /** Why, where that has to be said. */
  readonly reason?: string;
}

export interface MemberChange {
  readonly role?: RoleWish | undefined;
  /** `null`: for good. */
  readonly accessUntil?: number | null | undefined;
}

/** Who belongs to a home and what each may do. A home has one owner, whom nobody removes or changes. */
export class Members {
  private readonly options: MembersOptions;

  constructor(options: MembersOptions) {
    this.options = options;
  }

  /** In the order in which they joined. */
  async list({ homeId }: HomeProof<'manage'>): Promise<readonly Member[]> {
    const rows = await this.members(homeId).orderBy('home_member.created_at').execute();
    return rows.map(toMember);
  }

  /**
   * Lets a user into the home.
   * @throws AppError ALREADY_ACTIVE when the user belongs to it; LIMIT_EXCEEDED
   */
  async add(db: Db, homeId: string, userId: string, right: NewRight): Promise<void> {
    const { caps = defaultCaps, clock } = this.options;
    const now = clock.now();
    const present = await db.selectFrom('home_member').select(['user_id', 'access_until']).where('home_id', '=', homeId).execute();
    const before = present.find(({ user_id }) => user_id === userId);
    if (before !== undefined && (before.access_until ?? Number.POSITIVE_INFINITY) > now) {
      throw new AppError('ALREADY_ACTIVE', undefined, { message: 'already belongs to this home' });
    }
    assertRoomFor('membersPerHome', caps, present.length);
    if (before !== undefined) await db.deleteFrom('home_member').where('home_id', '=', homeId).where('user_id', '=', userId).execute();
    await db
      .insertInto('home_member')
      .values({
        home_id: homeId,
        user_id: userId,
        role: right.role,
        ...storedGrant(right.grant),
        created_at: now,
        reason: right.reason ?? null,
      })
      .execute();
  }

  /**
   * Changes what a member may do from now on; what runs by a right that ended, ends.
   * @throws AppError NOT_FOUND; FORBIDDEN for more than the principal has, or for one who has more; INVALID_STATE for the owner and for support
   */
  async update(proof: HomeProof<'manage'>, userId: string, { role, accessUntil }: MemberChange): Promise<Member> {
    const row = await this.other(proof, userId);
    if (row.role === 'support') {
      throw new AppError('INVALID_STATE', undefined, { message: 'access of support can only be ended' });
    }
    if (role === 'owner') return await this.handOver(proof, userId);
    const held = grantOf(row);
    const wish = role === undefined ? { role: row.role, grant: held } : await this.rightFor(proof, role);
    const until = accessUntil === undefined ? held.until : (accessUntil ?? undefined);
    const grant = { ...wish.grant, until };
    for (const own of proof.held) assertWithin(grant, own);
    await this.lessen(proof.homeId, userId, (tx) =>
      tx
        .updateTable('home_member')
        .set({ role: wish.role, ...storedGrant(grant) })
        .where('home_id', '=', proof.homeId)
        .where('user_id', '=', userId)
        .where('role', '<>', 'owner')
        .execute(),
    );
    return await this.find(proof.homeId, userId);
  }

  /** Ends a membership, one's own as well. @throws AppError NOT_FOUND | FORBIDDEN; INVALID_STATE for the owner */
  async remove(proof: HomeProof<'manage'>, userId: string): Promise<void> {
    await this.other(proof, userId);
    await this.lessen(proof.homeId, userId, (tx) =>
      tx.deleteFrom('home_member').where('home_id', '=', proof.homeId).where('user_id', '=', userId).where('role', '<>', 'owner').execute(),
    );
  }

  /**
   * The right a wish stands for.
   * @throws AppError FORBIDDEN when it is more than the principal has; INVALID_PARAMS for `owner` and for devices of other homes
   */
  async rightFor({ homeId, held }: HomeProof<'manage'>, wish: RoleWish): Promise<{ readonly role: Role; readonly grant: Grant }> {
    if (wish === 'owner') throw new AppError('INVALID_PARAMS', { member: 'role' }, { message: 'a home has one owner' });
    if (typeof wish === 'string') return { role: wish, grant: { actions: roleActions[wish], devices: ['*'] } };
    for (const own of held) assertWithin(wish, { ...own, until: undefined });
    const named = wish.devices.filter((id) => id !== '*');
    const found = named.length === 0 ? [] : await this.devicesOf(homeId, named);
    if (found.length !== named.length) throw new AppError('INVALID_PARAMS', { member: 'role.devices' }, { message: 'no such device here' });
    return { role: 'member', grant: wish };
  }

  /** Makes a member the owner and the owner an admin. */
  private async handOver(proof: HomeProof<'manage'>, userId: string): Promise<Member> {
    const { authorizer, bus, db } = this.options;
    const { homeId, principal } = proof;
    authorizer.assertFresh(principal);
    await db.transaction().execute(async (tx) => {
      const row = await tx
        .selectFrom('home_member')
        .select('role')
        .where('home_id', '=', homeId)
        .where('user_id', '=', principal.userId)
        .executeTakeFirst();
      if (row?.role !== 'owner') throw new AppError('FORBIDDEN', undefined, { message: 'only the owner hands a home over' });
      const all = storedGrant({ actions: roleActions.owner, devices: ['*'] });
      const change = (id: string, role: Role) =>
        tx
          .updateTable('home_member')
          .set({ role, ...all })
          .where('home_id', '=', homeId)
          .where('user_id', '=', id)
          .executeTakeFirst();
      await change(principal.userId, 'admin');
      if ((await change(userId, 'owner')).numUpdatedRows !== 1n) throw new AppError('NOT_FOUND');
    });
    bus.publish({ type: 'revoked', scope: 'user', id: userId });
    return await this.find(homeId, userId);
  }

  /** Changes or ends a right, and with it what rests on it: invitations, and whatever is open. */
  private async lessen(homeId: string, userId: string, change: (tx: Db) => Promise<unknown>): Promise<void> {
    const { bus, db, onLess } = this.options;
    await db.transaction().execute(async (tx) => {
      await change(tx);
      await tx.deleteFrom('invitation').where('home_id', '=', homeId).where('created_by', '=', userId).execute();
    });
    bus.publish({ type: 'revoked', scope: 'user', id: userId });
    onLess?.(homeId);
  }

  /** A member on whom the principal may act. */
  private async other({ homeId, held, principal }: HomeProof<'manage'>, userId: string): Promise<MemberRow> {
    const row = await this.members(homeId).where('home_member.user_id', '=', userId).executeTakeFirst();
    if (row === undefined) throw new AppError('NOT_FOUND');
    if (row.role === 'owner') {
      throw new AppError('INVALID_STATE', undefined, { message: 'the owner cannot be removed or changed; hand the home over first' });
    }
    if (userId !== principal.userId) for (const own of held) assertWithin({ ...grantOf(row), until: own.until }, own);
    return row;
  }

  private async find(homeId: string, userId: string): Promise<Member> {
    const row = await this.members(homeId).where('home_member.user_id', '=', userId).executeTakeFirst();
    if (row === undefined) throw new AppError('NOT_FOUND');
    return toMember(row);
  }

  private async devicesOf(homeId: string, ids: readonly string[]): Promise<readonly { id: string }[]> {
    return await this.options.db.selectFrom('device').select('id').where('home_id', '=', homeId).where('id', 'in', ids).execute();
  }

  private members(homeId: string) {
    return this.options.db
      .selectFrom('home_member')
      .leftJoin('user', 'user.id', 'home_member.user_id')
      .selectAll('home_member')
      .select(['user.name', 'user.email'])
      .where('home_member.home_id', '=', homeId);
  }
}

type MemberRow = Row<'home_member'> & { readonly name: string | null; readonly email: string | null };

function toMember(row: MemberRow): Member {
  return {
    id: row.user_id,
    state: 'joined',
    userId: row.user_id,
    ...(row.name !== null && { name: row.name }),
    ...(row.email !== null && { email: row.email }),
    ...allowedBy(row),
    since: row.created_at,
  };
}

/** What the grant in a row lets its holder do, as members and invitations show it. */
export function allowedBy(
  row: StoredGrant & { readonly role: string },
): Pick<Member, 'role' | 'actions' | 'devices' | 'hours' | 'accessUntil'> {
  const { actions, devices, hours, until } = grantOf(row);
  return {
    role: row.role as Role,
    actions: [...actions],
    devices: [...devices],
    ...(hours !== undefined && { hours: [...hours] }),
    ...(until !== undefined && { accessUntil: until }),
  };
}
