import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError, type Clock, type Logger, SystemClock, withDeadline } from '@cardea/core';
import { type FastifyInstance, fastify } from 'fastify';
import { systemCodeOf } from '../store/durable-file.ts';
import { listenBefore } from './before-listeners.ts';
import { connectionLimit } from './connection-limit.ts';
import { DirectConnection, type DirectHandler } from './direct-connection.ts';
import { Headroom } from './headroom.ts';
import { pathOf } from './path-of.ts';
import { sendProblem, toAppError } from './problem.ts';
import { refuseConnection } from './refuse-connection.ts';
import { cipherOrder } from './tls/cipher-order.ts';
import { takeTurns } from './tls/handshake-turns.ts';

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
  readonly clock?: Clock;
  /** Turns requests away when there is no memory for them. */
  readonly headroom?: Headroom;
}

const KEEP_ALIVE_MS = 72_000;
/** Longer than work for one request takes whose connection is gone. */
const ENDING_MS = 10_000;

/** The one port of the platform: HTTP routes on `app`, WebSocket upgrades by path prefix. */
export class HttpServer {
  readonly app: FastifyInstance;
  readonly headroom: Headroom;
  private secure: SecureServer | undefined;
  private dropped = 0;
  private readonly directHandlers: DirectHandler[] = [];
  private readonly direct = new Set<Socket>();
  private readonly logger: Logger;
  private readonly clock: Clock;
  /** Work for requests that has not ended; it goes on when the connection is gone. */
  private readonly handling = new Set<Promise<unknown>>();
  private readonly upgrades: { readonly matches: (path: string) => boolean; readonly handler: UpgradeHandler }[] = [];

  constructor({ logger, bodyLimitBytes = 256 * 1024, tls, trustedProxies = [], ...options }: HttpServerOptions) {
    const { clock = new SystemClock(), headroom = new Headroom(clock) } = options;
    this.logger = logger;
    this.clock = clock;
    this.headroom = headroom;
    this.app = fastify({
      bodyLimit: bodyLimitBytes,
      logger: false,
      forceCloseConnections: true,
      // A part of a path that is longer than any here names nothing.
      frameworkErrors: (error, _request, reply) =>
        void sendProblem(reply, error.code === 'FST_ERR_MAX_PARAM_LENGTH' ? new AppError('NOT_FOUND') : toAppError(error)),
      clientErrorHandler: refuseConnection,
      trustProxy: trustedProxies.length === 0 ? false : [...trustedProxies],
      serverFactory: (onRequest) => {
        const options = { keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 };
        if (tls === undefined) return this.guardDoor(this.readFirst(createServer(options, onRequest), 'connection'));
        this.secure = createSecureServer({ ...tls, ...options, ciphers: cipherOrder }, onRequest);
        takeTurns(this.secure);
        return this.guardDoor(this.readFirst(this.secure, 'secureConnection'));
      },
      // A path may hold a device id, a method name and a token in the query; nothing here is longer.
      routerOptions: { maxParamLength: 300 },
    });
    this.app.setErrorHandler((error, _request, reply) => sendProblem(reply, toAppError(error)));
    const follow = (work: unknown): unknown => this.follow(work);
    this.app.addHook('onRoute', (route) => {
      const { handler } = route;
      route.handler = function (request, reply) {
        return follow(handler.call(this, request, reply));
      };
    });
    this.app.addHook('onRequest', (request, reply, next) => {
      const refusal = headroom.refusalOf(request.method, pathOf(request.url));
      if (refusal === undefined) next();
      else void sendProblem(reply.headers({ 'cache-control': 'no-store', connection: 'close' }), refusal);
    });
    this.app.server.on('upgrade', (request, socket, head) => {
      socket.on('error', (error) => logger.debug({ err: error }, 'an upgrading socket failed'));
      this.upgrade({ request, socket, head, url: new URL(request.url ?? '/', 'http://localhost') });
    });
  }

  /** Hands a connection to whoever takes upgrades at `url`; for those who lead from one address to another. */
  upgrade(upgrade: Parameters<UpgradeHandler>[0]): void {
    const refusal = this.headroom.refusalOf('GET', upgrade.url.pathname);
    const route = this.upgrades.find(({ matches }) => matches(upgrade.url.pathname));
    if (refusal !== undefined) {
      refuseUpgrade(upgrade.socket, refusal.httpStatus, { 'Retry-After': String(Math.ceil((refusal.retryAfterMs ?? 0) / 1_000)) });
    } else if (route === undefined) refuseUpgrade(upgrade.socket, 404);
    else route.handler(upgrade);
  }

  /** Connections there was no descriptor or no memory for, so far. */
  get droppedConnections(): number {
    return this.dropped;
  }

  /** Shows another certificate from the next connection on. */
  useCertificate(tls: TlsPair): void {
    this.secure?.setSecureContext({ ...tls, ciphers: cipherOrder });
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
      const taken = systemCodeOf(error) === 'EADDRINUSE';
      const message = `cannot listen on ${host}:${port}${taken ? ': it is in use' : ''}`;
      throw new AppError('INVALID_STATE', { host, port }, { cause: error, message });
    }
    return (this.app.server.address() as AddressInfo).port;
  }

  /**
   * Offers plain GET requests to `handler`, each on a connection that has had none but such ones, before anybody else sees them.
   * For what is asked for thousands of times a second; whatever it leaves alone takes the usual way.
   */
  answerDirectly(handler: DirectHandler): void {
    this.directHandlers.push(handler);
  }

  /** Drops connections for which there is no descriptor or no memory. */
  private guardDoor<S extends Server | SecureServer>(server: S): S {
    const limit = connectionLimit();
    if (limit !== undefined) server.maxConnections = limit;
    server.on('drop', () => {
      this.dropped += 1;
    });
    listenBefore(server, 'connection', (passOn) => (socket) => {
      if (!this.headroom.isGone) return passOn(socket);
      this.dropped += 1;
      socket.destroy();
    });
    return server;
  }

  /** Puts direct connections before those of node:http, which comes to its connections by its own listener of `event`. */
  private readFirst<S extends Server | SecureServer>(server: S, event: 'connection' | 'secureConnection'): S {
    listenBefore(server, event, (passOn) => {
      const handOver = (socket: Socket, bytes: Buffer): void => {
        this.direct.delete(socket);
        socket.pause();
        socket.unshift(bytes);
        passOn(socket);
        socket.resume();
      };
      const handle: DirectHandler = (request) => this.headroom.isEnough && this.directHandlers.some((each) => each(request));
      return (socket) => {
        this.direct.add(socket);
        const onClosed = (): void => void this.direct.delete(socket);
        new DirectConnection({ socket, keepAliveMs: KEEP_ALIVE_MS, handle, handOver, onClosed }).start();
      };
    });
    return server;
  }

  /** Closes all connections. What requests had begun ends before this resolves, so that the stores may be closed after it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.app.close();
    for (const socket of this.direct) socket.destroy();
    await closed;
    await withDeadline(this.clock, ENDING_MS, () => Promise.all(this.handling)).catch(() => {
      this.logger.warn({ count: this.handling.size }, 'requests were still being worked on when the server closed');
    });
  }

  private follow(work: unknown): unknown {
    if (!(work instanceof Promise)) return work;
    const tracked = work.then(
      () => {},
      () => {},
    );
    this.handling.add(tracked);
    void tracked.then(() => this.handling.delete(tracked));
    return work;
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
