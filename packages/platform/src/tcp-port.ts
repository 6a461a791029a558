import type { Server } from 'node:net';
import { AppError, type Logger } from '@cardea/core';
import type { ListenAddress } from './listen-address.ts';

/** Opens the port of a TCP server and returns its number. @throws AppError INVALID_STATE when it is in use */
export async function openTcpPort(server: Server, { host, port }: ListenAddress, logger: Logger): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (cause: Error): void =>
      reject(new AppError('INVALID_STATE', { host, port }, { cause, message: `cannot listen on ${host}:${port}` }));
    server.once('error', refuse);
    server.listen({ host, port }, () => {
      server.off('error', refuse);
      server.on('error', (error) => logger.error({ err: error, host, port }, 'a port failed'));
      resolve();
    });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
