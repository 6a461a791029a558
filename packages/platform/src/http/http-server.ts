import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError, type Logger } from '@cardea/core';
import { type FastifyInstance, fastify } from 'fastify';

/** Takes over a connection that asked for an upgrade. Answer a refusal with `refuseUpgrade`. */
export type UpgradeHandler = (upgrade: {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly url: URL;
}) => void;

/** The one port of the platform: HTTP routes on `app`, WebSocket upgrades by path prefix. */
export class HttpServer {
  readonly app: FastifyInstance;
  private readonly upgrades: { readonly matches: (path: string) => boolean; readonly handler: UpgradeHandler }[] = [];

  constructor({ logger, bodyLimitBytes = 256 * 1024 }: { readonly logger: Logger; readonly bodyLimitBytes?: number }) {
    this.app = fastify({
      bodyLimit: bodyLimitBytes,
      logger: false,
      forceCloseConnections: true,
      requestTimeout: 0,
      keepAliveTimeout: 72_000,
      // A path may hold a device id, a method name and a token in the query; nothing here is longer.
      routerOptions: { maxParamLength: 300 },
    });
    this.app.server.on('upgrade', (request, socket, head) => {
      socket.on('error', (error) => logger.debug({ err: error }, 'an upgrading socket failed'));
      this.upgrade({ request, socket, head, url: new URL(request.url ?? '/', 'http://localhost') });
    });
  }

  /** Hands a connection to whoever takes upgrades at `url`; for those who lead from one address to another. */
  upgrade(upgrade: Parameters<UpgradeHandler>[0]): void {
    const route = this.upgrades.find(({ matches }) => matches(upgrade.url.pathname));
    if (route === undefined) refuseUpgrade(upgrade.socket, 404);
    else route.handler(upgrade);
  }

  /** Sends upgrades whose path satisfies `matches` to `handler`. */
  onUpgrade(matches: (path: string) => boolean, handler: UpgradeHandler): void {
    this.upgrades.push({ matches, handler });
  }

  /** @throws AppError INVALID_STATE when the port is taken, naming it; port 0 takes any free one. Returns the port in use. */
  async listen(host: string, port: number): Promise<number> {
    try {
      await this.app.listen({ host, port });
    } catch (error) {
      throw new AppError('INVALID_STATE', { host, port }, { cause: error, message: `cannot listen on ${host}:${port}` });
    }
    return (this.app.server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
  }
}

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** Ends an upgrade request with an HTTP status and closes the connection. */
export function refuseUpgrade(socket: Duplex, status: number, headers: Readonly<Record<string, string>> = {}): void {
  const lines = Object.entries({ Connection: 'close', 'Content-Length': '0', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${reasonPhrases[status] ?? 'Error'}\r\n${lines.join('')}\r\n`);
}
