import { type SupportAccess, type SupportRequest, supportActions } from '@cardea/api';
import { AppError, type Clock } from '@cardea/core';
import { grantOf } from '../authorization/grant.ts';
import type { HomeProof } from '../authorization/proof.ts';
import type { Db, Row } from '../store/ports.ts';
import type { Members } from './members.ts';

const HOUR_MS = 3_600_000;

/**
 * Access of whoever runs the platform to a home: a membership of its own kind, which the owner alone gives, to one of them by name, for a reason and a
 * day at most. It cannot be changed or made longer, only ended.
 */
export class Support {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly members: Pick<Members, 'add' | 'rightFor'>;

  constructor({ db, clock, members }: { readonly db: Db; readonly clock: Clock; readonly members: Pick<Members, 'add' | 'rightFor'> }) {
    this.db = db;
    this.clock = clock;
    this.members = members;
  }

  /**
   * Lets an operator into the home at once.
   * @throws AppError FORBIDDEN for anybody but the owner, logged in; INVALID_PARAMS when the address is of nobody who runs the platform, or for devices
   * of other homes; ALREADY_ACTIVE when they belong to the home; LIMIT_EXCEEDED
   */
  async grant(proof: HomeProof<'manage'>, { actions, devices, email, hours, reason }: SupportRequest): Promise<SupportAccess> {
    const { homeId } = proof;
    await this.assertOwner(proof);
    const { grant } = await this.members.rightFor(proof, { actions, devices });
    const operator = await this.operatorOf(email);
    const since = this.clock.now();
    const until = since + hours * HOUR_MS;
    await this.db.transaction().execute(async (tx) => {
      await this.members.add(tx, homeId, operator.id, { role: 'support', grant: { ...grant, until }, reason });
    });
    return { userId: operator.id, name: operator.name, actions, devices, since, until, reason };
  }

  private async assertOwner({ homeId, principal: { userId, within } }: HomeProof): Promise<void> {
    const row = await this.db
      .selectFrom('home_member')
      .select('role')
      .where('home_id', '=', homeId)
      .where('user_id', '=', userId)
      .executeTakeFirst();
    if (row?.role === 'owner' && within === undefined) return;
    throw new AppError('FORBIDDEN', undefined, { message: 'only the owner, logged in, lets support in' });
  }

  private async operatorOf(email: string): Promise<{ readonly id: string; readonly name: string }> {
    const row = await this.db
      .selectFrom('operator')
      .innerJoin('user', 'user.id', 'operator.user_id')
      .select(['user.id', 'user.name'])
      .where('user.email', '=', email.toLowerCase())
      .where((e) => e.or([e('operator.until', 'is', null), e('operator.until', '>', this.clock.now())]))
      .executeTakeFirst();
    if (row !== undefined) return row;
    throw new AppError('INVALID_PARAMS', { member: 'email' }, { message: 'nobody who runs this platform has this address' });
  }
}

/** Access of support to these homes that has not ended, by home, in the order in which it began. */
export async function supportIn(db: Db, homeIds: readonly string[], now: number): Promise<ReadonlyMap<string, SupportAccess[]>> {
  if (homeIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('home_member')
    .innerJoin('user', 'user.id', 'home_member.user_id')
    .selectAll('home_member')
    .select('user.name')
    .where('home_id', 'in', homeIds)
    .where('role', '=', 'support')
    .where('access_until', '>', now)
    .orderBy('home_member.created_at')
    .execute();
  const byHome = Map.groupBy(rows, (row) => row.home_id);
  return new Map([...byHome].map(([homeId, members]) => [homeId, members.map(accessOf)]));
}

function accessOf(row: Row<'home_member'> & { readonly name: string }): SupportAccess {
  const { actions, devices, until = row.created_at } = grantOf(row);
  return {
    userId: row.user_id,
    name: row.name,
    actions: supportActions.filter((action) => actions.includes(action)),
    devices: [...devices],
    since: row.created_at,
    until,
    reason: row.reason ?? '',
  };
}
