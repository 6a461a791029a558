import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import { closeCodes } from '@cardea/protocol';
import type { UpgradeHandler } from '../../http/http-server.ts';
import type { Broadcast } from '../broadcast.ts';
import type { MediaSource } from '../ports.ts';
import { ViewSession } from '../view-session.ts';
import type { Admission, ViewerAdmission } from '../viewer-admission.ts';
import { ViewerEndpoint } from '../websocket/viewer-endpoint.ts';
import { webSocketFmp4 } from '../websocket/websocket-fmp4.ts';
import { type BoundSource, type Origins, pulledSourceOf } from './origins.ts';

export interface PullEndpointOptions {
  readonly origins: Origins;
  readonly admission: Pick<ViewerAdmission, 'broadcastOf'>;
  readonly broadcastOf: (source: MediaSource) => Broadcast | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** The user of sessions in which another process watches for viewers of its own. */
export const NOBODY = '';

/** Where other processes of the platform watch for viewers of their own: `/vm/v1/pulls/{deviceId}/{channel}/{stream}`. */
export class PullEndpoint {
  readonly handle: UpgradeHandler;
  private readonly options: PullEndpointOptions;

  constructor(options: PullEndpointOptions) {
    const { admission, origins } = options;
    this.options = options;
    this.handle = new ViewerEndpoint({
      ...options,
      principalFromRequest: async () => undefined,
      admit: async ({ token }, url) => this.admit(await origins.pulled(token, pulledSourceOf(url.pathname))),
      outputOf: async (session, { signal }) => (await admission.broadcastOf(session, { signal })).fanOut(webSocketFmp4),
    }).handle;
  }

  /** The process that pulls asks for the rights of its viewers itself; this session is of nobody. */
  private admit({ epoch, ...source }: BoundSource): Admission {
    const { broadcastOf, clock, random } = this.options;
    const broadcast = broadcastOf(source);
    if (broadcast?.epoch !== epoch) throw new AppError('UNAUTHORIZED');
    const session = new ViewSession({
      claims: { ...source, epoch, action: 'view.live', userId: NOBODY, userSessionId: NOBODY, sessionId: random.ulid() },
      rightUntil: undefined,
      clock,
      onEnded: (ended) => broadcast.remove(ended),
    });
    broadcast.add(session);
    session.renew();
    return { session, onClosed: () => session.end(closeCodes.NORMAL.code, 'closed') };
  }
}
