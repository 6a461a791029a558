import { type Action, actions, type Home, type Role, roleActions } from '@cardea/api';
import { AppError, type Clock, type Random } from '@cardea/core';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import type { HomeProof, Principal } from '../authorization/proof.ts';
import type { Db, Row } from '../store/ports.ts';
import { supportIn } from './support.ts';

export interface HomeFields {
  readonly name: string;
  /** IANA zone. */
  readonly timezone: string;
}

export interface HomesOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly caps?: Caps;
  /** The clocks of a home are others now. */
  readonly onTimezone?: (homeId: string) => Promise<void>;
}

type MembershipRow = Pick<Row<'home'>, 'id' | 'name' | 'timezone' | 'created_at'> & Pick<Row<'home_member'>, 'role' | 'actions'>;

/** Homes and who belongs to them. */
export class Homes {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly caps: Caps;
  private readonly onTimezone: HomesOptions['onTimezone'];

  constructor({ caps = defaultCaps, db, clock, random, onTimezone }: HomesOptions) {
    this.caps = caps;
    this.db = db;
    this.clock = clock;
    this.random = random;
    this.onTimezone = onTimezone;
  }

  /** @throws AppError INVALID_PARAMS when the time zone does not exist */
  assertValid({ timezone }: Partial<HomeFields>): void {
    if (timezone !== undefined && !isTimezone(timezone)) {
      throw new AppError('INVALID_PARAMS', { member: 'timezone' }, { message: 'no such time zone' });
    }
  }

  /** Makes a home owned by `userId`. @throws AppError INVALID_PARAMS; LIMIT_EXCEEDED */
  async create(userId: string, { name, timezone }: HomeFields): Promise<Home> {
    this.assertValid({ timezone });
    const id = this.random.ulid();
    const now = this.clock.now();
    await this.db.transaction().execute(async (tx) => {
      const { owned } = await tx
        .selectFrom('home_member')
        .select(({ fn }) => fn.countAll<number>().as('owned'))
        .where('user_id', '=', userId)
        .where('role', '=', 'owner')
        .executeTakeFirstOrThrow();
      assertRoomFor('homesPerUser', this.caps, owned);
      await tx.insertInto('home').values({ id, name, timezone, created_at: now }).execute();
      await tx
        .insertInto('home_member')
        .values({
          home_id: id,
          user_id: userId,
          role: 'owner',
          actions: JSON.stringify(roleActions.owner),
          devices: JSON.stringify(['*']),
          created_at: now,
        })
        .execute();
    });
    return { id, name, timezone, role: 'owner', actions: [...roleActions.owner], createdAt: now };
  }

  /** The homes of a user, oldest first. */
  async list(principal: Principal): Promise<readonly Home[]> {
    return await this.present(await this.memberships(principal.userId).orderBy('home.id').execute(), principal);
  }

  async get({ homeId, principal }: HomeProof): Promise<Home> {
    const rows = await this.memberships(principal.userId).where('home.id', '=', homeId).execute();
    const [home] = await this.present(rows, principal);
    if (home === undefined) throw new AppError('NOT_FOUND');
    return home;
  }

  /** Changes what is given. @throws AppError INVALID_PARAMS */
  async update(proof: HomeProof<'manage'>, fields: { readonly [Name in keyof HomeFields]?: HomeFields[Name] | undefined }): Promise<Home> {
    const { name, timezone } = fields;
    if (timezone !== undefined) this.assertValid({ timezone });
    const changes = { ...(name === undefined ? {} : { name }), ...(timezone === undefined ? {} : { timezone }) };
    if (Object.keys(changes).length > 0) await this.db.updateTable('home').set(changes).where('id', '=', proof.homeId).execute();
    if (timezone !== undefined) await this.onTimezone?.(proof.homeId);
    return await this.get(proof);
  }

  /** @throws AppError INVALID_STATE while a device belongs to the home */
  async remove({ homeId }: HomeProof<'manage'>): Promise<void> {
    await this.db.transaction().execute(async (tx) => {
      const device = await tx.selectFrom('device').select('id').where('home_id', '=', homeId).limit(1).executeTakeFirst();
      if (device !== undefined) throw new AppError('INVALID_STATE', undefined, { message: 'devices still belong to this home' });
      await tx.deleteFrom('home').where('id', '=', homeId).execute();
    });
  }

  private async present(rows: readonly MembershipRow[], principal: Principal): Promise<readonly Home[]> {
    const homeIds = rows.map(({ id }) => id);
    const support = await supportIn(this.db, homeIds, this.clock.now());
    return rows.map((row) => {
      const access = support.get(row.id);
      return { ...toHome(row, principal), ...(access && { support: access }) };
    });
  }

  private memberships(userId: string) {
    return this.db
      .selectFrom('home')
      .innerJoin('home_member', 'home_member.home_id', 'home.id')
      .select(['home.id', 'home.name', 'home.timezone', 'home.created_at', 'home_member.role', 'home_member.actions'])
      .where('home_member.user_id', '=', userId)
      .where((e) => e.or([e('home_member.access_until', 'is', null), e('home_member.access_until', '>', this.clock.now())]));
  }
}

function toHome({ id, name, timezone, created_at, role, actions: given }: MembershipRow, { within }: Principal): Home {
  const held = JSON.parse(given) as Action[];
  const allowed = actions.filter((action) => held.includes(action) && (within === undefined || within.actions.includes(action)));
  return { id, name, timezone, role: role as Role, actions: allowed, createdAt: created_at };
}

function isTimezone(timezone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
