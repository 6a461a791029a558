import { AppError, type Clock, type Logger } from '@cardea/core';
import { Channel, conforms, StreamName } from '@cardea/protocol';
import { WebSocketServer } from 'ws';
import type { Principal } from '../authorization/proof.ts';
import { refuseUpgrade, type UpgradeHandler } from '../http/http-server.ts';
import type { Fmp4Output } from './fmp4-output.ts';
import type { MediaSource, PrincipalFromRequest } from './ports.ts';
import type { ViewSession } from './view-session.ts';
import { ViewerSession } from './viewer-session.ts';

export interface ViewerEndpointOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly principalFromRequest: PrincipalFromRequest;
  /** @throws AppError UNAUTHORIZED whatever is wrong with the token, so that nothing is learnt about the device */
  readonly sessionOfToken: (token: string, source: MediaSource) => Promise<ViewSession>;
  /** A session of its own for one connection. @throws AppError NOT_FOUND | FORBIDDEN | CHANNEL_NOT_FOUND | STREAM_NOT_FOUND */
  readonly openSession: (principal: Principal, source: MediaSource) => Promise<ViewSession>;
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
 * with `?token=` of a live session, or with a cookie or bearer token, which starts the stream when nobody pushes it.
 */
export class ViewerEndpoint {
  private readonly options: ViewerEndpointOptions;
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MESSAGE_MAX_BYTES,
  });

  constructor(options: ViewerEndpointOptions) {
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
    const { clock, outputOf, principalFromRequest, sessionOfToken, openSession } = this.options;
    const source = sourceOfPath(url.pathname);
    if (source === undefined) throw new AppError('NOT_FOUND');
    const token = url.searchParams.get('token');
    const principal = token === null ? await principalFromRequest(request) : undefined;
    if (token === null && principal === undefined) throw new AppError('UNAUTHORIZED');
    const session = principal === undefined ? await sessionOfToken(token ?? '', source) : await openSession(principal, source);
    const onClosed = (): void => {
      // Nobody else knows of a session made for one connection.
      if (principal !== undefined) session.end(1000, 'closed');
    };
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
}
