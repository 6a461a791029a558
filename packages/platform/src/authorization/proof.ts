import type { Action } from '@cardea/api';
import type { Grant, TimeRange } from './grant.ts';

/** Who asks. */
export interface Principal {
  readonly userId: string;
  /** The login, API token or share by which they are known. */
  readonly userSessionId: string;
  /** What an API token or a share narrows its user to; absent for a login. */
  readonly within?: Grant;
  /** When this session proved the user's identity last; destructive commands ask for a recent proof. */
  readonly authenticatedAt: number;
}

/** Who made a session, as far as it matters to who uses it later: `within` is there when an API token or a share made it. */
export interface SessionMaker extends Pick<Principal, 'userId' | 'userSessionId'> {
  readonly within?: unknown;
}

const seal: unique symbol = Symbol('made by the authorizer');

/**
 * Evidence that `principal` may do `action` on one device right now. Functions that serve bytes or act on a device take
 * a proof instead of ids, so a route that forgot its check cannot be written. Only `Authorizer` makes one; it is never stored.
 */
export class DeviceProof<A extends Action = Action> {
  readonly action: A;
  readonly principal: Principal;
  readonly homeId: string;
  readonly deviceId: string;
  /** Binding epoch the right was read at. */
  readonly epoch: number;
  /** Unix ms at which the right may stop to hold by itself and is to be asked for again; `undefined`: not by itself. */
  readonly until: number | undefined;
  /** Of recordings only what falls into this is part of the right; `undefined`: all of them. */
  readonly recorded: TimeRange | undefined;

  constructor(key: typeof seal, right: Omit<DeviceProof<A>, never>) {
    if (key !== seal) throw new TypeError('proofs are made by the authorizer');
    this.action = right.action;
    this.principal = right.principal;
    this.homeId = right.homeId;
    this.deviceId = right.deviceId;
    this.epoch = right.epoch;
    this.until = right.until;
    this.recorded = right.recorded;
  }
}

/** The same for a home as a whole. */
export class HomeProof<A extends Action = Action> {
  readonly action: A;
  readonly principal: Principal;
  readonly homeId: string;
  /** What the principal may do there, each narrowing the others: nobody gives more than they have. */
  readonly held: readonly Grant[];

  constructor(key: typeof seal, right: Omit<HomeProof<A>, 'reaches'>) {
    if (key !== seal) throw new TypeError('proofs are made by the authorizer');
    this.action = right.action;
    this.principal = right.principal;
    this.homeId = right.homeId;
    this.held = right.held;
  }

  /** Whether what they may do, they may do with this device, too. */
  reaches(deviceId: string): boolean {
    return this.held.every(({ devices }) => devices.includes('*') || devices.includes(deviceId));
  }
}

/** For `Authorizer` alone; an architecture test holds that. */
export const proofSeal: typeof seal = seal;
