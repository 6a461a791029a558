import type { Server, Socket } from 'node:net';

/** Each takes about a millisecond of the processor. */
const HANDSHAKES_PER_TURN = 8;

/**
 * Has a TLS server begin few handshakes in a turn of the event loop, so that when thousands of devices connect at once what
 * those ask for that are connected comes in between. Whoever waits is held by the limit of connections of the server alone.
 * @see reliability.md C-11
 */
export function takeTurns(server: Server): void {
  const listeners = server.listeners('connection');
  const waiting: Socket[] = [];
  const beginSome = (): void => {
    const begun = waiting.splice(0, HANDSHAKES_PER_TURN).filter((socket) => !socket.destroyed);
    for (const socket of begun) for (const listener of listeners) listener.call(server, socket);
    if (waiting.length > 0) setImmediate(beginSome);
  };
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    // It may break while it waits, when nobody else listens yet.
    socket.on('error', () => {});
    if (waiting.push(socket) === 1) setImmediate(beginSome);
  });
}
