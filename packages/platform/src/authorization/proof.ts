import type { Action } from '@cardea/api';

/** Who asks. */
export interface Principal {
  readonly userId: string;
  readonly userSessionId: string;
  /** When this session proved the user's identity last; destructive commands ask for a recent proof. */
  readonly authenticatedAt: number;
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

  constructor(key: typeof seal, right: Omit<DeviceProof<A>, never>) {
    if (key !== seal) throw new TypeError('proofs are made by the authorizer');
    this.action = right.action;
    this.principal = right.principal;
    this.homeId = right.homeId;
    this.deviceId = right.deviceId;
    this.epoch = right.epoch;
  }
}

/** The same for a home as a whole. */
export class HomeProof<A extends Action = Action> {
  readonly action: A;
  readonly principal: Principal;
  readonly homeId: string;

  constructor(key: typeof seal, right: Omit<HomeProof<A>, never>) {
    if (key !== seal) throw new TypeError('proofs are made by the authorizer');
    this.action = right.action;
    this.principal = right.principal;
    this.homeId = right.homeId;
  }
}

/** For `Authorizer` alone; an architecture test holds that. */
export const proofSeal: typeof seal = seal;
