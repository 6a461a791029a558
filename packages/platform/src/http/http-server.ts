import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError, type Logger } from '@cardea/core';
import { type FastifyInstance, type FastifyServerFactory, fastify } from 'fastify';

/** Takes over a connection that asked for an upgrade. Answer a refusal with `refuseUpgrade`. */
export type UpgradeHandler = (upgrade: {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly url: URL;
}) => void;

/** A key and the certificates for it, PEM. */
export interface TlsPair {
  readonly key: string;
  readonly cert: string;
}

export interface HttpServerOptions {
  readonly logger: Logger;
  readonly bodyLimitBytes?: number;
  /** Serves over TLS with this certificate. */
  readonly tls?: TlsPair | undefined;
  /** Addresses and networks whose word is taken for where a request comes from (`X-Forwarded-For`). */
  readonly trustedProxies?: readonly string[];
}

const KEEP_ALIVE_MS = 72_000;

/** The one port of the platform: HTTP routes on `app`, WebSocket upgrades by path prefix. */
export class HttpServer {
  readonly app: FastifyInstance;
  private secure: SecureServer | undefined;
  private readonly upgrades: { readonly matches: (path: string) => boolean; readonly handler: UpgradeHandler }[] = [];

  constructor({ logger, bodyLimitBytes = 256 * 1024, tls, trustedProxies = [] }: HttpServerOptions) {
    const serverFactory: FastifyServerFactory | undefined = tls && ((onRequest) => this.openSecure(tls, onRequest));
    this.app = fastify({
      bodyLimit: bodyLimitBytes,
      logger: false,
      forceCloseConnections: true,
      requestTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
      ...(serverFactory && { serverFactory }),
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

  /** Shows another certificate from the next connection on. */
  useCertificate(tls: TlsPair): void {
    this.secure?.setSecureContext(tls);
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

  private openSecure(tls: TlsPair, onRequest: RequestListener): SecureServer {
    this.secure = createServer({ ...tls, keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, onRequest);
    return this.secure;
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
