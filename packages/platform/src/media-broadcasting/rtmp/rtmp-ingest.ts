import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import type { PushTarget } from '@cardea/protocol';
import type { TlsPair } from '../../http/http-server.ts';
import type { ListenAddress } from '../../listen-address.ts';
import { openTcpPort } from '../../tcp-port.ts';
import type { MediaCounters, MediaHeadroom } from '../ports.ts';
import { type PublishName, publishAddress } from './publish-address.ts';
import { PublishTokens } from './publish-tokens.ts';
import { type PublishGrant, RtmpConnection } from './rtmp-connection.ts';

/** Where RTMP is taken; `undefined`: off. */
export interface RtmpPorts {
  readonly plain: ListenAddress | undefined;
  /** `certificate` reads what is shown to begin with. */
  readonly tls: (ListenAddress & { readonly certificate: () => Promise<TlsPair> }) | undefined;
}

export interface RtmpIngestOptions {
  readonly ports: RtmpPorts;
  /** Origin under which devices reach this server. */
  readonly publicUrl: () => string;
  /** The session that is wanted now. @throws AppError UNAUTHORIZED when its binding is over, SESSION_NOT_FOUND when nobody asked for it */
  readonly sessionOf: (sessionId: string) => Promise<PublishGrant>;
  readonly counters: MediaCounters;
  readonly headroom: MediaHeadroom;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

type RtmpProtocol = 'rtmp' | 'rtmps';

const MAX_CONNECTIONS = 5_000;
/** Of whom no token was seen yet. */
const MAX_STRANGERS = 256;

/** Where devices publish on carrier `rtmp`, plain or over TLS, on ports of its own. */
export class RtmpIngest {
  private readonly options: RtmpIngestOptions;
  private readonly tokens: PublishTokens;
  private readonly servers: Server[] = [];
  private secure: TlsServer | undefined;
  private readonly ports = new Map<RtmpProtocol, number>();
  private readonly connections = new Set<RtmpConnection>();
  private readonly sockets = new Set<Socket>();

  constructor(options: RtmpIngestOptions) {
    this.options = options;
    this.tokens = new PublishTokens(options.random);
  }

  /** A port that is taken, or a certificate that cannot be read, is a warning, and that protocol stays off. */
  async openPorts(): Promise<void> {
    const { plain, tls } = this.options.ports;
    if (plain !== undefined) {
      await this.open('rtmp', plain, async () => createServer((socket) => this.accept(socket)));
    }
    if (tls === undefined) return;
    await this.open('rtmps', tls, async () => {
      this.secure = createTlsServer(await tls.certificate(), (socket) => this.accept(socket));
      return this.secure;
    });
  }

  /** Shows another certificate from the next connection on. */
  useCertificate(pair: TlsPair): void {
    this.secure?.setSecureContext(pair);
  }

  /** Which of `protocols` are on. */
  offered(protocols: readonly PushTarget['protocol'][]): RtmpProtocol | undefined {
    return (['rtmps', 'rtmp'] as const).find((protocol) => protocols.includes(protocol) && this.ports.has(protocol));
  }

  /** Where a device publishes the session. */
  targetOf(protocol: RtmpProtocol, sessionId: string): Pick<PushTarget, 'protocol' | 'url' | 'token'> {
    const token = this.tokens.of(sessionId);
    const origin = `${protocol}://${new URL(this.options.publicUrl()).hostname}:${this.ports.get(protocol) ?? 0}`;
    return { protocol, url: publishAddress(origin, { sessionId, token }), token };
  }

  async close(): Promise<void> {
    const closed = this.servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const connection of this.connections) connection.stop('reschedule');
    for (const socket of this.sockets) socket.destroySoon();
    await Promise.all(closed);
  }

  private async open(protocol: RtmpProtocol, address: ListenAddress, create: () => Promise<Server>): Promise<void> {
    const { logger } = this.options;
    try {
      const server = await create();
      server.maxConnections = MAX_CONNECTIONS;
      this.ports.set(protocol, await openTcpPort(server, address, logger));
      this.servers.push(server);
    } catch (error) {
      logger.warn({ err: error }, `${protocol.toUpperCase()} is off: ${address.host}:${address.port} cannot be used`);
    }
  }

  private accept(socket: Socket): void {
    const strangers = [...this.connections].filter(({ isStranger }) => isStranger).length;
    if (strangers >= MAX_STRANGERS || !this.options.headroom.takesLive()) {
      socket.destroy();
      return;
    }
    this.sockets.add(socket);
    const connection: RtmpConnection = new RtmpConnection({
      ...this.options,
      socket,
      grant: (name) => this.grant(name),
      onClosed: () => {
        this.sockets.delete(socket);
        this.connections.delete(connection);
      },
    });
    this.connections.add(connection);
    connection.start();
  }

  private async grant({ sessionId, token }: PublishName): Promise<PublishGrant> {
    if (!this.tokens.matches(sessionId, token)) throw new AppError('UNAUTHORIZED');
    return await this.options.sessionOf(sessionId);
  }
}
