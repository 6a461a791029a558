import type { Action } from '@cardea/api';
import { AppError, type Clock } from '@cardea/core';
import type { Db } from '../store/ports.ts';
import type { TicketClaims } from '../tokens/token-issuer.ts';
import { DeviceProof, HomeProof, type Principal, proofSeal } from './proof.ts';

interface Membership {
  readonly home_id: string;
  readonly actions: string;
  readonly devices: string;
}

/**
 * Decides, against the store and never against a cache, what a user may do (reliability.md section 0 points 3 and 4).
 * Absent and foreign objects fail alike with NOT_FOUND; a member without the action gets FORBIDDEN.
 */
export class Authorizer {
  private readonly db: Db;
  private readonly clock: Clock;

  constructor({ db, clock }: { readonly db: Db; readonly clock: Clock }) {
    this.db = db;
    this.clock = clock;
  }

  async device<A extends Action>(principal: Principal, action: A, deviceId: string): Promise<DeviceProof<A>> {
    const row = await this.db
      .selectFrom('device')
      .innerJoin('home_member', 'home_member.home_id', 'device.home_id')
      .select(['home_member.home_id', 'home_member.actions', 'home_member.devices', 'device.binding_epoch'])
      .where('device.id', '=', deviceId)
      .where('home_member.user_id', '=', principal.userId)
      .executeTakeFirst();
    if (row === undefined || !coversDevice(row, deviceId)) throw new AppError('NOT_FOUND');
    assertAction(row, action);
    return new DeviceProof(proofSeal, { action, principal, homeId: row.home_id, deviceId, epoch: row.binding_epoch });
  }

  async home<A extends Action>(principal: Principal, action: A, homeId: string): Promise<HomeProof<A>> {
    const row = await this.db
      .selectFrom('home_member')
      .select(['home_id', 'actions', 'devices'])
      .where('home_id', '=', homeId)
      .where('user_id', '=', principal.userId)
      .executeTakeFirst();
    if (row === undefined) throw new AppError('NOT_FOUND');
    assertAction(row, action);
    return new HomeProof(proofSeal, { action, principal, homeId });
  }

  /** Homes in which the user may do `action`, in the order in which they were joined; `homeId` narrows. */
  async homes<A extends Action>(principal: Principal, action: A, homeId?: string): Promise<readonly HomeProof<A>[]> {
    let query = this.db.selectFrom('home_member').select(['home_id', 'actions', 'devices']).where('user_id', '=', principal.userId);
    if (homeId !== undefined) query = query.where('home_id', '=', homeId);
    const rows = await query.orderBy('created_at').orderBy('home_id').execute();
    return rows
      .filter((row) => actionsOf(row).includes(action))
      .map((row) => new HomeProof(proofSeal, { action, principal, homeId: row.home_id }));
  }

  /** Devices on which the user may do `action`, over all homes; `homeId` narrows. */
  async devices<A extends Action>(principal: Principal, action: A, homeId?: string): Promise<readonly DeviceProof<A>[]> {
    let query = this.db
      .selectFrom('device')
      .innerJoin('home_member', 'home_member.home_id', 'device.home_id')
      .select(['device.id', 'device.binding_epoch', 'home_member.home_id', 'home_member.actions', 'home_member.devices'])
      .where('home_member.user_id', '=', principal.userId)
      .orderBy('device.id');
    if (homeId !== undefined) query = query.where('device.home_id', '=', homeId);
    const rows = await query.execute();
    return rows
      .filter((row) => coversDevice(row, row.id) && actionsOf(row).includes(action))
      .map((row) => new DeviceProof(proofSeal, { action, principal, homeId: row.home_id, deviceId: row.id, epoch: row.binding_epoch }));
  }

  /**
   * The right a token stands for, if its maker still has it: membership, binding epoch and user session are read again.
   * @throws AppError UNAUTHORIZED whatever is wrong, so that nothing is learnt about the device
   */
  async ticket<A extends TicketClaims['action']>(claims: TicketClaims, action: A): Promise<DeviceProof<A>> {
    const principal: Principal = { userId: claims.userId, userSessionId: claims.userSessionId, authenticatedAt: 0 };
    if (claims.action !== action) throw new AppError('UNAUTHORIZED');
    try {
      const proof = await this.device(principal, action, claims.deviceId);
      if (proof.epoch !== claims.epoch || !(await this.sessionLives(principal.userSessionId))) throw new AppError('UNAUTHORIZED');
      return proof;
    } catch (error) {
      throw new AppError('UNAUTHORIZED', undefined, { cause: error });
    }
  }

  /** @throws AppError FORBIDDEN with `stepUp: true` unless the user proved who they are at most five minutes ago */
  assertFresh(principal: Principal): void {
    if (this.clock.now() - principal.authenticatedAt > STEP_UP_MS) throw new AppError('FORBIDDEN', { stepUp: true });
  }

  private async sessionLives(userSessionId: string): Promise<boolean> {
    const row = await this.db.selectFrom('session').select('expiresAt').where('id', '=', userSessionId).executeTakeFirst();
    return row !== undefined && new Date(row.expiresAt).getTime() > this.clock.now();
  }
}

const STEP_UP_MS = 5 * 60_000;

function actionsOf(membership: Membership): readonly string[] {
  return JSON.parse(membership.actions) as string[];
}

function coversDevice(membership: Membership, deviceId: string): boolean {
  const devices = JSON.parse(membership.devices) as string[];
  return devices.includes('*') || devices.includes(deviceId);
}

function assertAction(membership: Membership, action: Action): void {
  if (!actionsOf(membership).includes(action)) throw new AppError('FORBIDDEN', { action });
}
