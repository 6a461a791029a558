import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Clock, Logger, Random } from '@cardea/core';
import type { TlsPair } from '../../http/http-server.ts';
import type { ListenAddress } from '../../listen-address.ts';
import { openTcpPort } from '../../tcp-port.ts';
import type { PerBroadcast } from '../per-broadcast.ts';
import type { MediaHeadroom } from '../ports.ts';
import type { ViewerAdmission } from '../viewer-admission.ts';
import { RtspConnection } from './rtsp-connection.ts';
import type { RtspFeed } from './rtsp-feed.ts';
import { type ReportSender, UdpPorts } from './udp-ports.ts';

export interface RtspServerOptions extends ListenAddress {
  /** Serves over TLS with this certificate; then no media goes over UDP, where anybody could read it. */
  readonly tls: TlsPair | undefined;
  readonly admission: ViewerAdmission;
  readonly headroom: MediaHeadroom;
  readonly feeds: PerBroadcast<RtspFeed>;
  /** First and last port of which viewers over UDP get two. */
  readonly udpRange: readonly [number, number];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const MAX_CONNECTIONS = 5_000;
/** Of whom no token was seen yet. */
const MAX_STRANGERS = 256;

/** The port on which streams are watched over RTSP. */
export class RtspServer implements AsyncDisposable {
  private readonly options: RtspServerOptions;
  private readonly server: Server;
  private readonly secure: TlsServer | undefined;
  private readonly connections = new Set<RtspConnection>();
  private boundPort = 0;
  private udp: Promise<UdpPorts> | undefined;

  private constructor(options: RtspServerOptions) {
    this.options = options;
    const { tls } = options;
    this.secure = tls && createTlsServer({ ...tls }, (socket) => this.accept(socket));
    this.server = this.secure ?? createServer((socket) => this.accept(socket));
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** @throws AppError INVALID_STATE when the port is in use */
  static async listen(options: RtspServerOptions): Promise<RtspServer> {
    const rtsp = new RtspServer(options);
    rtsp.boundPort = await openTcpPort(rtsp.server, options, options.logger);
    return rtsp;
  }

  /** Shows another certificate from the next connection on. */
  useCertificate(pair: TlsPair): void {
    this.secure?.setSecureContext(pair);
  }

  get port(): number {
    return this.boundPort;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const connection of this.connections) connection.close();
    await closed;
    await this.udp?.then(
      (ports) => ports[Symbol.dispose](),
      () => {},
    );
  }

  private accept(socket: Socket): void {
    const strangers = [...this.connections].filter(({ isStranger }) => isStranger).length;
    if (strangers >= MAX_STRANGERS || !this.options.headroom.takesLive()) {
      socket.destroy();
      return;
    }
    const connection: RtspConnection = new RtspConnection({
      ...this.options,
      socket,
      udpPorts: this.secure === undefined ? () => this.udpPorts() : undefined,
      onClosed: () => this.connections.delete(connection),
    });
    this.connections.add(connection);
    connection.start();
  }

  private async udpPorts(): Promise<UdpPorts> {
    const { udpRange: range, host } = this.options;
    this.udp ??= UdpPorts.open({ host, range }, (packet, from) => this.onReport(packet, from));
    try {
      return await this.udp;
    } catch (error) {
      this.udp = undefined;
      throw error;
    }
  }

  private onReport(packet: Uint8Array, { address, port }: ReportSender): void {
    for (const connection of this.connections) if (connection.remoteAddress === address && connection.takeReport(packet, port)) return;
  }
}
