import { AppError, type Clock, type Logger, WebSocketLink } from '@cardea/core';
import { MEDIA_FRAME_HEADER_BYTES, paths, subprotocols } from '@cardea/protocol';
import { WebSocketServer } from 'ws';
import { bearerToken } from '../http/bearer-token.ts';
import { refuseUpgrade, type UpgradeHandler } from '../http/http-server.ts';
import type { TokenClaims, TokenIssuer } from '../tokens/token-issuer.ts';
import { IngestSession } from './ingest-session.ts';
import type { LiveStream } from './live-stream.ts';
import type { MediaCounters } from './ports.ts';

export interface IngestEndpointOptions {
  readonly tokens: TokenIssuer;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: MediaCounters;
  /**
   * The stream a publish token feeds now.
   * @throws AppError UNAUTHORIZED when the binding it was made for is over, SESSION_NOT_FOUND when nobody asked for it
   */
  readonly streamOf: (claims: TokenClaims['vm-publish']) => Promise<LiveStream>;
}

const MEDIA_FRAME_MAX_BYTES = 4 * 1024 * 1024;
const sessionPath = new RegExp(`^${paths.vm}/sessions/([0-9A-Za-z]{1,64})$`);

export function isIngestPath(path: string): boolean {
  return sessionPath.test(path);
}

/** Where devices publish on carrier `wss-fmp4`: `/vm/v1/sessions/{sessionId}`. */
export class IngestEndpoint {
  private readonly options: IngestEndpointOptions;
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MEDIA_FRAME_MAX_BYTES + MEDIA_FRAME_HEADER_BYTES,
    handleProtocols: () => subprotocols.vm,
  });

  constructor(options: IngestEndpointOptions) {
    this.options = options;
  }

  readonly handle: UpgradeHandler = (upgrade) => {
    this.accept(upgrade).catch((error: unknown) => {
      const { httpStatus, status } = AppError.from(error);
      this.options.logger.info({ status }, 'publish refused');
      refuseUpgrade(upgrade.socket, httpStatus);
    });
  };

  private async accept({ request, socket, head, url }: Parameters<UpgradeHandler>[0]): Promise<void> {
    const { tokens, streamOf } = this.options;
    const token = bearerToken(request);
    if (token === undefined) throw new AppError('UNAUTHORIZED');
    const claims = await tokens.verify('vm-publish', token);
    if (claims.sessionId !== sessionPath.exec(url.pathname)?.[1]) throw new AppError('UNAUTHORIZED');
    if (!offers(request.headers['sec-websocket-protocol'], subprotocols.vm)) throw new AppError('VERSION_UNSUPPORTED');
    const stream = await streamOf(claims);
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      const { clock, logger, counters } = this.options;
      new IngestSession({ link: new WebSocketLink(webSocket, clock), claims, token, stream, clock, logger, counters }).start();
    });
  }
}

function offers(header: string | undefined, subprotocol: string): boolean {
  return (header ?? '').split(',').some((name) => name.trim() === subprotocol);
}
