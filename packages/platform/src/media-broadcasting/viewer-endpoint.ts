import type { IncomingMessage } from 'node:http';
import { AppError, type Clock, type Logger } from '@cardea/core';
import { Channel, conforms, StreamName } from '@cardea/protocol';
import { WebSocketServer } from 'ws';
import type { Principal } from '../authorization/proof.ts';
import { refuseUpgrade, type UpgradeHandler } from '../http/http-server.ts';
import type { Fmp4Output } from './fmp4-output.ts';
import type { MediaSource, PrincipalFromRequest } from './ports.ts';
import type { ViewSession } from './view-session.ts';
import { ViewerSession } from './viewer-session.ts';

/** A session somebody may use for one connection. */
export interface Admission {
  readonly session: ViewSession;
  /** The connection is over, or was not made. */
  readonly onClosed?: () => void;
}

/** @typeParam T what an address names */
export interface ViewerEndpointOptions<T> {
  /** `undefined` for the path of something else. */
  readonly targetOf: (path: string) => T | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly principalFromRequest: PrincipalFromRequest;
  /** @throws AppError UNAUTHORIZED whatever is wrong with the token, so that nothing is learnt about the device */
  readonly sessionOfToken: (token: string, target: T) => Promise<ViewSession>;
  /** For somebody who shows no token. @throws AppError NOT_FOUND | FORBIDDEN | CHANNEL_NOT_FOUND | STREAM_NOT_FOUND */
  readonly openSession: (principal: Principal, target: T) => Promise<Admission>;
  /** The output of a session once its device agreed to push. @throws AppError what the device answered */
  readonly outputOf: (session: ViewSession, options: { readonly signal: AbortSignal }) => Promise<Fmp4Output>;
}

/** Connections to one stream; the next gets 429. */
const MAX_VIEWERS_PER_STREAM = 5_000;
/** Viewers have nothing to say but control frames. */
const MESSAGE_MAX_BYTES = 1_024;
const viewerPath = /^\/live\/([0-9a-z]{1,64})\/(\d{1,3})\/([a-z]{1,16})\/ws$/;

/** What `/live/{deviceId}/{channel}/{stream}/ws` names; `undefined` for another path. */
export function sourceOfPath(path: string): MediaSource | undefined {
  const [, deviceId, channelText, stream] = viewerPath.exec(path) ?? [];
  const channel = Number(channelText);
  if (deviceId === undefined || !conforms(Channel, channel) || !conforms(StreamName, stream)) return undefined;
  return { deviceId, channel, stream };
}

/**
 * Where users watch over WebSocket: a text frame `{"mime"}`, then fragmented MP4 in binary frames of whole boxes. Opened
 * with `?token=` of a session, or with a cookie or bearer token.
 */
export class ViewerEndpoint<T> {
  private readonly options: ViewerEndpointOptions<T>;
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_MAX_BYTES,
  });

  constructor(options: ViewerEndpointOptions<T>) {
    this.options = options;
  }

  readonly handle: UpgradeHandler = (upgrade) => {
    const { socket } = upgrade;
    const gone = new AbortController();
    const onGone = (): void => gone.abort();
    socket.once('close', onGone);
    this.accept(upgrade, gone.signal)
      .catch((error: unknown) => {
        const { httpStatus, retryAfterMs, status } = AppError.from(error);
        this.options.logger.debug({ status }, 'viewer refused');
        const headers: Record<string, string> = { 'Cache-Control': 'no-store' };
        if (retryAfterMs !== undefined) headers['Retry-After'] = String(Math.ceil(retryAfterMs / 1_000));
        refuseUpgrade(socket, httpStatus, headers);
      })
      .finally(() => socket.off('close', onGone));
  };

  private async accept({ request, socket, head, url }: Parameters<UpgradeHandler>[0], signal: AbortSignal): Promise<void> {
    const { clock, outputOf } = this.options;
    const { session, onClosed = () => {} } = await this.admit(request, url);
    try {
      const output = await outputOf(session, { signal });
      if (session.ended || signal.aborted) throw new AppError('UNAUTHORIZED');
      if (output.viewers >= MAX_VIEWERS_PER_STREAM) throw new AppError('LIMIT_EXCEEDED');
      this.server.handleUpgrade(request, socket, head, (webSocket) => {
        new ViewerSession({ webSocket, socket, session, output, clock, onClosed }).start();
      });
    } catch (error) {
      onClosed();
      throw error;
    }
  }

  private async admit(request: IncomingMessage, url: URL): Promise<Admission> {
    const { targetOf, principalFromRequest, sessionOfToken, openSession } = this.options;
    const target = targetOf(url.pathname);
    if (target === undefined) throw new AppError('NOT_FOUND');
    const token = url.searchParams.get('token');
    if (token !== null) return { session: await sessionOfToken(token, target) };
    const principal = await principalFromRequest(request);
    if (principal === undefined) throw new AppError('UNAUTHORIZED');
    return await openSession(principal, target);
  }
}
