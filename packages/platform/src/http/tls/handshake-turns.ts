import type { Server, Socket } from 'node:net';
import { listenBefore } from '../before-listeners.ts';

/** Each takes about a millisecond of the processor. */
const HANDSHAKES_PER_TURN = 8;

/**
 * Has a TLS server begin few handshakes in a turn of the event loop, so that when thousands of devices connect at once what
 * those ask for that are connected comes in between. Whoever waits is held by the limit of connections of the server alone.
 * @see reliability.md C-11
 */
export function takeTurns(server: Server): void {
  const waiting: Socket[] = [];
  listenBefore(server, 'connection', (passOn) => {
    const beginSome = (): void => {
      for (const socket of waiting.splice(0, HANDSHAKES_PER_TURN)) if (!socket.destroyed) passOn(socket);
      if (waiting.length > 0) setImmediate(beginSome);
    };
    return (socket) => {
      // It may break while it waits, when nobody else listens yet.
      socket.on('error', () => {});
      if (waiting.push(socket) === 1) setImmediate(beginSome);
    };
  });
}
