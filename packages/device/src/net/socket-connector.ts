import type { IncomingMessage } from 'node:http';
import { AppError, type Clock, type Link, type RemoteFailure, WebSocketLink, withDeadline } from '@cardea/core';
import { WebSocket } from 'ws';
import { statusOfHttp } from './http-status.ts';
import { retryAfterMs } from './retry-after.ts';
import { secureAddress } from './secure-address.ts';

export interface SocketRequest {
  readonly url: string;
  readonly subprotocol: string;
  readonly bearer: string;
  /** For address resolution, TCP, TLS and the upgrade together. */
  readonly timeoutMs: number;
  readonly maxMessageBytes: number;
}

/**
 * Opens a WebSocket to the platform.
 * @throws AppError UNAUTHORIZED | FORBIDDEN | NOT_FOUND | VERSION_UNSUPPORTED | RATE_LIMITED | NO_CAPACITY | UNSPECIFIED when the
 * upgrade is refused (`details.httpStatus`, `retryAfterMs`); TIMEOUT | GOING_AWAY when there is no connection; URL_INVALID
 */
export type SocketConnector = (request: SocketRequest, options: { readonly signal: AbortSignal }) => Promise<Link>;

export function createSocketConnector(clock: Clock): SocketConnector {
  return (request, { signal }) => withDeadline(clock, request.timeoutMs, (deadline) => open(request, clock, deadline), { signal });
}

function open({ url, subprotocol, bearer, maxMessageBytes }: SocketRequest, clock: Clock, signal: AbortSignal): Promise<Link> {
  const address = secureAddress(url);
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, subprotocol, {
      headers: { authorization: `Bearer ${bearer}` },
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
      followRedirects: false,
    });
    const onAbort = (): void => socket.terminate();
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('open', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(new WebSocketLink(socket, clock));
    });
    socket.once('unexpected-response', (request, response) => {
      signal.removeEventListener('abort', onAbort);
      request.destroy();
      reject(refusal(response, clock));
    });
    // Stays for good: terminating a socket that is still connecting makes one more error.
    socket.on('error', (cause) => {
      signal.removeEventListener('abort', onAbort);
      reject(new AppError('GOING_AWAY', { reason: 'no connection' }, { cause, message: 'the server cannot be reached' }));
    });
  });
}

function refusal(response: IncomingMessage, clock: Clock): AppError {
  const httpStatus = response.statusCode ?? 0;
  const waitMs = retryAfterMs(response.headers['retry-after'], clock.now());
  const remote: RemoteFailure = { code: httpStatus, message: 'the upgrade was refused' };
  return new AppError(statusOfHttp(httpStatus), { httpStatus }, { remote, ...(waitMs !== undefined && { retryAfterMs: waitMs }) });
}
