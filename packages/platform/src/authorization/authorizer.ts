import type { Action } from '@cardea/api';
import { AppError, type Clock } from '@cardea/core';
import type { Db } from '../store/ports.ts';
import type { TicketClaims } from '../tokens/token-issuer.ts';
import { Credentials } from './credentials.ts';
import { allows, covers, earliest, type Grant, grantOf, holdsUntil, type Moment, type StoredGrant, type TimeRange } from './grant.ts';
import { DeviceProof, HomeProof, type Principal, proofSeal } from './proof.ts';

interface Membership extends StoredGrant {
  readonly home_id: string;
  readonly timezone: string;
}

const membershipColumns = [
  'home_member.home_id',
  'home_member.actions',
  'home_member.devices',
  'home_member.hours',
  'home_member.access_until',
  'home.timezone',
] as const;

/** The right to what concerns a home and not one of its devices takes all devices. */
const WHOLE_HOME = '*';
const STEP_UP_MS = 5 * 60_000;

/**
 * Decides, against the store and never against a cache, what a user may do (reliability.md section 0 points 3 and 4).
 * Absent and foreign objects fail alike with NOT_FOUND; a member without the action, or outside its hours, gets FORBIDDEN.
 * What the credential is narrowed to counts as what the membership gives.
 */
export class Authorizer {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly credentials: Credentials;

  constructor({ db, clock }: { readonly db: Db; readonly clock: Clock }) {
    this.db = db;
    this.clock = clock;
    this.credentials = new Credentials({ db, clock });
  }

  async device<A extends Action>(principal: Principal, action: A, deviceId: string): Promise<DeviceProof<A>> {
    const row = await this.memberships(principal)
      .innerJoin('device', 'device.home_id', 'home_member.home_id')
      .select([...membershipColumns, 'device.binding_epoch'])
      .where('device.id', '=', deviceId)
      .executeTakeFirst();
    if (row === undefined) throw new AppError('NOT_FOUND');
    const right = this.rightOf(principal, row);
    if (!right.covers(deviceId)) throw new AppError('NOT_FOUND');
    if (!right.allows(action)) throw new AppError('FORBIDDEN', { action });
    return new DeviceProof(proofSeal, {
      ...{ action, principal, homeId: row.home_id, deviceId, epoch: row.binding_epoch },
      ...{ until: right.until, recorded: right.recorded },
    });
  }

  async home<A extends Action>(principal: Principal, action: A, homeId: string): Promise<HomeProof<A>> {
    const right = await this.membership(principal, homeId);
    if (!right.concerns(action)) throw new AppError('FORBIDDEN', { action });
    return new HomeProof(proofSeal, { action, principal, homeId, held: right.grants });
  }

  /** The right to leave a home, or to act in it on other members. @throws AppError NOT_FOUND | FORBIDDEN */
  async membershipOf<A extends Action>(principal: Principal, action: A, { homeId, userId }: MembershipName): Promise<HomeProof<A>> {
    if (userId !== principal.userId || principal.within !== undefined) return await this.home(principal, action, homeId);
    const { grants } = await this.membership(principal, homeId);
    return new HomeProof(proofSeal, { action, principal, homeId, held: grants });
  }

  /** Homes in which the user may do `action`, in the order in which they were joined; `homeId` narrows. */
  async homes<A extends Action>(principal: Principal, action: A, homeId?: string): Promise<readonly HomeProof<A>[]> {
    let query = this.memberships(principal).select(membershipColumns);
    if (homeId !== undefined) query = query.where('home_member.home_id', '=', homeId);
    const rows = await query.orderBy('home_member.created_at').orderBy('home_member.home_id').execute();
    return rows.flatMap((row) => {
      const right = this.rightOf(principal, row);
      return right.concerns(action) ? [new HomeProof(proofSeal, { action, principal, homeId: row.home_id, held: right.grants })] : [];
    });
  }

  /** Devices on which the user may do `action`, over all homes; `homeId` narrows. */
  async devices<A extends Action>(principal: Principal, action: A, homeId?: string): Promise<readonly DeviceProof<A>[]> {
    let query = this.memberships(principal)
      .innerJoin('device', 'device.home_id', 'home_member.home_id')
      .select([...membershipColumns, 'device.id', 'device.binding_epoch'])
      .orderBy('device.id');
    if (homeId !== undefined) query = query.where('device.home_id', '=', homeId);
    const rows = await query.execute();
    return rows.flatMap((row) => {
      const right = this.rightOf(principal, row);
      if (!right.covers(row.id) || !right.allows(action)) return [];
      const { home_id: homeId, id: deviceId, binding_epoch: epoch } = row;
      return [new DeviceProof(proofSeal, { action, principal, homeId, deviceId, epoch, until: right.until, recorded: right.recorded })];
    });
  }

  /**
   * The right a token stands for, if its maker still has it: membership, binding epoch and the credential it was made
   * with are read again.
   * @throws AppError UNAUTHORIZED whatever is wrong, so that nothing is learnt about the device
   */
  async ticket<A extends Action>(claims: RightClaims, action: A): Promise<DeviceProof<A>> {
    if (claims.action !== action) throw new AppError('UNAUTHORIZED');
    try {
      const principal = await this.principalAgain(claims, claims.deviceId);
      const proof = await this.device(principal, action, claims.deviceId);
      if (proof.epoch !== claims.epoch) throw new AppError('UNAUTHORIZED');
      return proof;
    } catch (error) {
      throw new AppError('UNAUTHORIZED', undefined, { cause: error });
    }
  }

  /** Whether what the principal showed still counts. */
  async credentialLives({ userSessionId }: Principal): Promise<boolean> {
    return (await this.credentials.find(userSessionId)) !== undefined;
  }

  /** @throws AppError FORBIDDEN with `stepUp: true` unless the user proved who they are at most five minutes ago */
  assertFresh(principal: Principal): void {
    if (this.clock.now() - principal.authenticatedAt > STEP_UP_MS) throw new AppError('FORBIDDEN', { stepUp: true });
  }

  private async principalAgain({ userId, userSessionId }: RightClaims, deviceId: string): Promise<Principal> {
    const credential = await this.credentials.find(userSessionId);
    if (credential === undefined) throw new AppError('UNAUTHORIZED');
    const principal = { userId, userSessionId, authenticatedAt: 0 };
    if (credential.needs !== undefined) await this.device(principal, credential.needs, deviceId);
    return credential.within === undefined ? principal : { ...principal, within: credential.within };
  }

  private memberships({ userId }: Principal) {
    return this.db.selectFrom('home_member').innerJoin('home', 'home.id', 'home_member.home_id').where('home_member.user_id', '=', userId);
  }

  private async membership(principal: Principal, homeId: string): Promise<Right> {
    const row = await this.memberships(principal).select(membershipColumns).where('home_member.home_id', '=', homeId).executeTakeFirst();
    const right = row === undefined ? undefined : this.rightOf(principal, row);
    if (right === undefined || right.isOver) throw new AppError('NOT_FOUND');
    return right;
  }

  private rightOf({ within }: Principal, row: Membership): Right {
    return new Right([grantOf(row), ...(within === undefined ? [] : [within])], { now: this.clock.now(), timezone: row.timezone });
  }
}

/** What a token says of the right it stands for. */
type RightClaims = Pick<TicketClaims, 'userId' | 'userSessionId' | 'deviceId' | 'epoch'> & { readonly action: Action };

interface MembershipName {
  readonly homeId: string;
  readonly userId: string;
}

/** What several grants give together: no more than each of them. */
class Right {
  readonly grants: readonly Grant[];
  private readonly moment: Moment;

  constructor(grants: readonly Grant[], moment: Moment) {
    this.grants = grants;
    this.moment = moment;
  }

  get isOver(): boolean {
    return this.grants.some(({ until = Number.POSITIVE_INFINITY }) => until <= this.moment.now);
  }

  get until(): number | undefined {
    return earliest(...this.grants.map((grant) => holdsUntil(grant, this.moment)));
  }

  /** A share is the only grant that says so, and a right has at most one. */
  get recorded(): TimeRange | undefined {
    return this.grants.find(({ recorded }) => recorded !== undefined)?.recorded;
  }

  covers(deviceId: string): boolean {
    return this.grants.every((grant) => covers(grant, deviceId, this.moment.now));
  }

  allows(action: Action): boolean {
    return this.grants.every((grant) => allows(grant, action, this.moment));
  }

  /** Whether the action may be done on the home; looking at it takes no more than a share in it. */
  concerns(action: Action): boolean {
    return !this.isOver && this.allows(action) && (action !== 'manage' || this.covers(WHOLE_HOME));
  }
}
