import type { IncomingMessage } from 'node:http';
import { type Access, commandActions, isCommandMethod } from '@cardea/api';
import { AppError, hasStatus } from '@cardea/core';
import { conforms, Ulid } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof, HomeProof, Principal } from '../authorization/proof.ts';
import type { HomeEvents } from './home-events.ts';
import type { Accounts, ApiTokens, DeviceLogService, Operators, SegmentService, ShareService, Visitor } from './ports.ts';
import type { SessionCookie } from './session-cookie.ts';

export interface GatekeeperOptions {
  readonly accounts: Pick<Accounts, 'authenticate'>;
  readonly apiTokens: Pick<ApiTokens, 'authenticate' | 'isOne'>;
  readonly authorizer: Authorizer;
  readonly operators: Operators;
  readonly cookie: SessionCookie;
  readonly segments: Pick<SegmentService, 'deviceOf'>;
  readonly events: Pick<HomeEvents, 'deviceOf'>;
  readonly shares: Pick<ShareService, 'deviceOf'>;
  readonly logs: Pick<DeviceLogService, 'deviceOf'>;
}

/** Path parameters as they came, unchecked. */
export type PathParams = Readonly<Record<string, string | undefined>>;

/** Decides who a request is from and what it may do, against the store each time. */
export class Gatekeeper {
  private readonly options: GatekeeperOptions;

  constructor(options: GatekeeperOptions) {
    this.options = options;
  }

  /**
   * Who sends the request, by bearer token or cookie. A cookie that another page made the browser send does not count: a page
   * at another port of this host is of the same site, so that `SameSite` does not keep it from embedding what is here.
   * @throws AppError UNAUTHORIZED without a valid session; FORBIDDEN for a foreign page
   */
  async visitorOf({ headers, method = 'GET' }: IncomingMessage): Promise<Visitor> {
    const { accounts, apiTokens, cookie } = this.options;
    const bearer = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    const credential = bearer ?? (headers.authorization === undefined ? cookie.read(headers) : undefined);
    const visitor =
      credential === undefined ? undefined : await (apiTokens.isOne(credential) ? apiTokens : accounts).authenticate(credential);
    if (visitor === undefined) throw new AppError('UNAUTHORIZED');
    if (bearer === undefined && !isVisit(method, headers)) this.assertOwnPage({ headers });
    return visitor;
  }

  /** The same, where a request needs no login: `undefined` when it shows none that counts. @throws AppError FORBIDDEN */
  async visitorIfAny(request: IncomingMessage): Promise<Visitor | undefined> {
    this.assertOwnPage(request);
    return await this.visitorOf(request).catch((error: unknown) => {
      if (hasStatus(error, 'UNAUTHORIZED')) return undefined;
      throw error;
    });
  }

  /** @throws AppError FORBIDDEN when a page of another site sent the request */
  assertOwnPage({ headers }: Pick<IncomingMessage, 'headers'>): void {
    if (!this.options.cookie.isOwnPage(headers)) throw new AppError('FORBIDDEN', undefined, { message: 'sent by another site' });
  }

  /** Who sends the request, or `undefined`; for parts that answer refusals in their own way. */
  async principalOf(request: IncomingMessage): Promise<Principal | undefined> {
    try {
      return (await this.visitorOf(request)).principal;
    } catch (error) {
      if (error instanceof AppError && (error.status === 'UNAUTHORIZED' || error.status === 'FORBIDDEN')) return undefined;
      throw error;
    }
  }

  /** @throws AppError NOT_FOUND for an object that is absent or foreign; FORBIDDEN without the action */
  async prove(access: Access, principal: Principal, params: PathParams): Promise<DeviceProof | HomeProof | undefined> {
    const { authorizer } = this.options;
    const id = params.id ?? '';
    switch (access.kind) {
      case 'home':
        return await authorizer.home(principal, access.action, id);
      case 'membership':
        return await authorizer.membershipOf(principal, access.action, { homeId: id, userId: params.userId ?? '' });
      case 'login':
        if (principal.within !== undefined) throw new AppError('FORBIDDEN', undefined, { message: 'an API token cannot do this' });
        return undefined;
      case 'operator':
        if (!(await this.options.operators.isOne(principal))) throw new AppError('FORBIDDEN', undefined, { message: 'for operators' });
        return undefined;
      case 'device':
        return await authorizer.device(principal, access.action, id);
      case 'command':
        return await this.proveCommand(principal, id, params.method ?? '');
      case 'segment':
        return await authorizer.device(principal, access.action, found(await this.options.segments.deviceOf(id)));
      case 'event':
        return await authorizer.device(principal, access.action, found(await this.options.events.deviceOf(id)));
      case 'deviceLog':
        return await authorizer.device(principal, access.action, found(await this.options.logs.deviceOf(id)));
      case 'share':
        return await authorizer.device(principal, access.action, found(await this.options.shares.deviceOf(id)));
      case 'liveSession':
        // Whose it is live media says; between processes the id becomes part of an address, so it has to be one.
        if (!conforms(Ulid, params.sessionId)) throw new AppError('SESSION_NOT_FOUND');
        return undefined;
      default:
        return undefined;
    }
  }

  private async proveCommand(principal: Principal, deviceId: string, method: string): Promise<DeviceProof> {
    if (isCommandMethod(method)) return await this.options.authorizer.device(principal, commandActions[method], deviceId);
    // A foreign device is not found before its caller learns that the method does not exist.
    await this.options.authorizer.device(principal, 'view.live', deviceId);
    throw new AppError('METHOD_NOT_FOUND');
  }
}

/** Whether somebody opens the address in a tab of their own, wherever the link stood (Fetch Metadata Request Headers 2). */
function isVisit(method: string, headers: IncomingMessage['headers']): boolean {
  return method === 'GET' && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

function found(deviceId: string | undefined): string {
  if (deviceId === undefined) throw new AppError('NOT_FOUND');
  return deviceId;
}
