import type { Server, Socket } from 'node:net';

/** Gives a connection to those who listened before. */
export type PassOn = (socket: Socket) => void;

/** Puts whoever `begin` makes before all who listen for connections of a server now; they get what is passed on to them. */
export function listenBefore(
  server: Server,
  event: 'connection' | 'secureConnection',
  begin: (passOn: PassOn) => (socket: Socket) => void,
): void {
  const listeners = server.listeners(event);
  server.removeAllListeners(event);
  server.on(
    event,
    begin((socket) => {
      for (const listener of listeners) listener.call(server, socket);
    }),
  );
}
