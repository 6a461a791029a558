import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { Refusal } from './json.ts';

const HANDSHAKE_TIMEOUT_MS = 5_000;

/**
 * Opens a WebSocket with a bearer token and a subprotocol that the server must agree to.
 * @throws Refusal whose `status` is that of the refused upgrade
 */
export async function openSocket(url: string, subprotocol: string, bearer: string): Promise<WebSocket> {
  const headers = { authorization: `Bearer ${bearer}` };
  const socket = new WebSocket(url, subprotocol, { headers, handshakeTimeout: HANDSHAKE_TIMEOUT_MS });
  const { promise, resolve, reject } = Promise.withResolvers<WebSocket>();
  socket.once('open', () => resolve(socket));
  socket.on('error', reject);
  socket.once('unexpected-response', (request, response: IncomingMessage) => {
    request.destroy();
    reject(new Refusal(0, 'the upgrade was refused', response.statusCode));
  });
  return await promise;
}
