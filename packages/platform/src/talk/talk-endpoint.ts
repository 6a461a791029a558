import type { IncomingMessage } from 'node:http';
import { AppError, type Clock, type Link, type Logger, WebSocketLink } from '@cardea/core';
import { closeCodes, subprotocols } from '@cardea/protocol';
import { WebSocketServer } from 'ws';
import { refuseUpgrade, type UpgradeHandler } from '../http/http-server.ts';
import type { TalkSession } from './talk-session.ts';

export interface TalkEndpointOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The session a request may take part in. @throws AppError UNAUTHORIZED | NOT_FOUND */
  readonly admit: (request: IncomingMessage, url: URL) => Promise<TalkSession>;
  readonly attach: (session: TalkSession, link: Link) => void;
}

/** Larger than a frame of 20 ms in any codec. */
const MESSAGE_MAX_BYTES = 4_096;

/** One end of talks: where users send what they say, or where devices fetch it. */
export class TalkEndpoint {
  private readonly options: TalkEndpointOptions;
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_MAX_BYTES,
    handleProtocols: (offered) => offered.has(subprotocols.vm) && subprotocols.vm,
  });

  constructor(options: TalkEndpointOptions) {
    this.options = options;
  }

  readonly handle: UpgradeHandler = (upgrade) => {
    this.accept(upgrade).catch((error: unknown) => {
      const { httpStatus, status } = AppError.from(error);
      this.options.logger.info({ status }, 'a talk was refused');
      refuseUpgrade(upgrade.socket, httpStatus, { 'Cache-Control': 'no-store' });
    });
  };

  private async accept({ request, socket, head, url }: Parameters<UpgradeHandler>[0]): Promise<void> {
    const { admit, attach, clock } = this.options;
    const session = await admit(request, url);
    this.server.handleUpgrade(request, socket, head, (webSocket) => {
      const link = new WebSocketLink(webSocket, clock);
      if (session.ended) link.close(closeCodes.NORMAL.code, 'over');
      else attach(session, link);
    });
  }
}
