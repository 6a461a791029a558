import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import { sleepTimers, type WakeService } from '@cardea/protocol';
import type { TlsPair } from '../http/http-server.ts';
import type { Bus, Db } from '../store/ports.ts';
import type { SleepPresence } from './ports.ts';
import { WakeConnection } from './wake-connection.ts';
import { type PassHolder, type WakePass, WakePasses } from './wake-passes.ts';

export interface WakeChannelOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly presence: SleepPresence;
  /** Origin under which devices reach the platform; the channel is on the same host. */
  readonly publicUrl: () => string;
  /** Speaks TLS with this certificate. */
  readonly tls?: TlsPair | undefined;
  readonly heartbeatSec?: number;
}

const MAX_CONNECTIONS = 20_000;
/** Of connections that have not shown a pass yet. */
const MAX_STRANGERS = 256;

/**
 * Where the radios of sleeping devices stay connected, so that the platform can wake them: opaque bytes over TLS,
 * or plain TCP where the platform has no certificate.
 * @see H.627.2 9.3.2.2 (title only); profile hss-open-1 B2.1 and C11
 */
export class WakeChannel implements AsyncDisposable {
  private readonly options: WakeChannelOptions;
  private readonly heartbeatSec: number;
  private readonly passes: WakePasses;
  private readonly server: Server;
  private readonly connections = new Set<WakeConnection>();
  private readonly radios = new Map<string, WakeConnection>();
  private readonly listeners = new Set<(deviceId: string) => void>();
  private readonly stack = new DisposableStack();
  private port: number | undefined;
  private secure: SecureContext | undefined;

  constructor(options: WakeChannelOptions) {
    this.options = options;
    this.heartbeatSec = options.heartbeatSec ?? sleepTimers.heartbeatDefaultSec;
    this.passes = new WakePasses(options);
    this.secure = options.tls && createSecureContext(options.tls);
    this.server = createServer((socket) => this.accept(socket));
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Shows another certificate from the next connection on; for a channel that speaks TLS. */
  useCertificate(pair: TlsPair): void {
    this.secure = createSecureContext(pair);
  }

  /** Connections of radios that showed their pass. */
  get radioCount(): number {
    return this.radios.size;
  }

  /** @throws AppError INVALID_STATE when the port is in use */
  async listen(host: string, port: number): Promise<void> {
    const { bus, presence } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (cause) =>
        reject(new AppError('INVALID_STATE', { host, port }, { cause, message: `the wake channel cannot listen at ${host}:${port}` })),
      );
      this.server.listen({ host, port }, resolve);
    });
    const address = this.server.address();
    this.port = typeof address === 'object' && address !== null ? address.port : port;
    this.stack.use(bus.subscribe('revoked', ({ scope, id }) => scope === 'device' && this.radios.get(id)?.close()));
    // Once a device is connected its radio has nothing more to do here.
    this.stack.use(presence.watch((change) => change.presence === 'online' && this.radios.get(change.deviceId)?.close()));
  }

  /** What a device that sleeps is told, with a pass of its own; `undefined` while there is no channel. */
  serviceFor(holder: PassHolder): WakeService | undefined {
    if (this.port === undefined) return undefined;
    const { auth, heartbeat, wake } = this.passes.mint(holder);
    return {
      host: new URL(this.options.publicUrl()).hostname.replace(/^\[(.*)\]$/, '$1'),
      port: this.port,
      transport: this.secure === undefined ? 'tcp' : 'tls',
      authB64: Buffer.from(auth).toString('base64'),
      heartbeatB64: Buffer.from(heartbeat).toString('base64'),
      wakeB64: Buffer.from(wake).toString('base64'),
      heartbeatSec: this.heartbeatSec,
    };
  }

  /** Sends the wake signal when the radio of the device is there. */
  signal(deviceId: string): void {
    this.radios.get(deviceId)?.wake();
  }

  /** Calls `listener` whenever the radio of a device has connected. */
  onRadio(listener: (deviceId: string) => void): Disposable {
    this.listeners.add(listener);
    return { [Symbol.dispose]: () => void this.listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stack[Symbol.dispose]();
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const connection of this.connections) connection.close();
    await closed;
  }

  private accept(socket: Socket): void {
    const { clock } = this.options;
    if (this.connections.size - this.radios.size >= MAX_STRANGERS) {
      socket.destroy();
      return;
    }
    this.connections.add(
      new WakeConnection({
        // Not a server of TLS: who is still shaking hands counts as a stranger, and has as long as one.
        socket: this.secure === undefined ? socket : new TLSSocket(socket, { isServer: true, secureContext: this.secure }),
        heartbeatSec: this.heartbeatSec,
        admit: (auth) => this.admit(auth),
        onSign: (connection) => this.onSign(connection),
        onClosed: (connection) => this.onClosed(connection),
        clock,
      }),
    );
  }

  /** The binding may have changed since the pass was made, so it is read again. */
  private async admit(auth: Uint8Array): Promise<(PassHolder & WakePass) | undefined> {
    const owner = this.passes.open(auth);
    if (owner === undefined) return undefined;
    const row = await this.options.db
      .selectFrom('device')
      .select('id')
      .where('id', '=', owner.deviceId)
      .where('binding_epoch', '=', owner.epoch)
      .where('home_id', 'is not', null)
      .where('disabled', '=', 0)
      .executeTakeFirst();
    return row === undefined ? undefined : owner;
  }

  private onSign(connection: WakeConnection): void {
    const { deviceId } = connection;
    if (deviceId === undefined) return;
    const before = this.radios.get(deviceId);
    this.radios.set(deviceId, connection);
    this.options.presence.heardSleeping(deviceId, this.heartbeatSec * sleepTimers.heartbeatsMissedMax * 1_000);
    if (before === connection) return;
    before?.close();
    this.options.logger.debug({ deviceId }, 'the radio of a sleeping device is there');
    for (const listener of this.listeners) listener(deviceId);
  }

  private onClosed(connection: WakeConnection): void {
    this.connections.delete(connection);
    const { deviceId } = connection;
    if (deviceId !== undefined && this.radios.get(deviceId) === connection) this.radios.delete(deviceId);
  }
}
