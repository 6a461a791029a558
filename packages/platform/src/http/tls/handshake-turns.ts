import type { Server, Socket } from 'node:net';
import { listenBefore } from '../before-listeners.ts';

/** Each takes about a millisecond of the processor. */
const HANDSHAKES_PER_TURN = 8;
/** A client speaks first, as soon as it is connected (RFC 8446 2). */
const HELLO_MS = 10_000;

/**
 * Has a TLS server begin few handshakes in a turn of the event loop, so that when thousands of devices connect at once what
 * those ask for that are connected comes in between. Whoever waits is held by the limit of connections of the server alone.
 *
 * A connection takes its place once its client has spoken. Until then it costs next to nothing, and afterwards a third of the
 * memory: node:tls makes the buffer of a connection as large as what it is given first, or 64 kB when it has to read that itself.
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
      socket.on('error', ignore);
      socket.setTimeout(HELLO_MS, destroy);
      socket.once('readable', () => {
        socket.setTimeout(0, destroy);
        if (socket.readableLength === 0) socket.destroy();
        else if (waiting.push(socket) === 1) setImmediate(beginSome);
      });
    };
  });
}

function ignore(): void {}

function destroy(this: Socket): void {
  this.destroy();
}
