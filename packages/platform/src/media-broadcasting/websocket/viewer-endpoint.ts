import { AppError, type Clock, type Logger } from '@cardea/core';
import { WebSocketServer } from 'ws';
import { refuseUpgrade, type UpgradeHandler } from '../../http/http-server.ts';
import type { FanOut } from '../fan-out.ts';
import type { PrincipalFromRequest } from '../ports.ts';
import type { ViewSession } from '../view-session.ts';
import type { Admission } from '../viewer-admission.ts';
import { credentialsOf, type ViewerCredentials } from '../viewer-credentials.ts';
import { ViewerSession } from './viewer-session.ts';

export interface ViewerEndpointOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly principalFromRequest: PrincipalFromRequest;
  /** @throws AppError UNAUTHORIZED whatever is wrong with a token; what else there is to refuse to a known user */
  readonly admit: (credentials: ViewerCredentials, url: URL) => Promise<Admission>;
  /** What a session watches, once its device agreed to push. @throws AppError what the device answered */
  readonly outputOf: (session: ViewSession, options: { readonly signal: AbortSignal; readonly url: URL }) => Promise<FanOut>;
}

/** Connections to one stream; the next gets 429. */
const MAX_VIEWERS_PER_STREAM = 5_000;
/** Viewers have nothing to say but control frames. */
const MESSAGE_MAX_BYTES = 1_024;

/**
 * Where users watch over WebSocket: a text frame `{"mime"}`, then fragmented MP4 in binary frames of whole boxes. Opened
 * with `?token=` of a session, or with a cookie or bearer token.
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
    const { admit, clock, outputOf, principalFromRequest } = this.options;
    const { session, onClosed } = await admit(credentialsOf(request, url, principalFromRequest), url);
    try {
      const output = await outputOf(session, { signal, url });
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
