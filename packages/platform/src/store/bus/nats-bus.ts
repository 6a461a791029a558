import { AppError, type Logger } from '@cardea/core';
import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Bus, BusMessage, BusMessageOf, BusTopic } from './bus.ts';
import type { Exchange, ExchangeOptions } from './exchange.ts';
import { refusal, resultOf } from './exchanged-error.ts';
import { InProcessBus } from './in-process-bus.ts';

export interface NatsBusOptions {
  /** `nats://[user:password@]host:port`, several joined by commas. */
  readonly url: string;
  /** Shown in the server's list of connections. */
  readonly name: string;
  readonly logger: Logger;
}

type NatsClient = typeof import('@nats-io/transport-node');

const PREFIX = 'cardea';
const AWAY_RETRY_MS = 5_000;
/** A server that does not answer for so long counts as away: nothing new begins while rights may end unheard (reliability.md B.2). */
const PING_MS = 1_500;
const MAX_PINGS_OUT = 2;
/** All processes that serve a subject are one group, so that each request reaches one of them. */
const GROUP = 'cardea';

/**
 * The bus of a platform of several processes, over NATS. Subscribers of this process are called at once, those of others
 * when the message arrives; a message that cannot be delivered while the connection is down is lost, so nothing that must
 * last travels here without being in the database first.
 */
export class NatsBus implements Bus, Exchange, AsyncDisposable {
  private readonly local: InProcessBus;
  private readonly connection: NatsConnection;
  private readonly client: NatsClient;
  private readonly logger: Logger;
  private readonly returnWatchers = new Set<() => void>();
  /** Those who wait for an answer, told when the way to the others is lost. */
  private readonly waiting = new Set<(reason: AppError) => void>();
  private isAway = false;
  private readonly watching: Promise<void>;

  private constructor(client: NatsClient, connection: NatsConnection, logger: Logger) {
    this.client = client;
    this.connection = connection;
    this.logger = logger;
    this.local = new InProcessBus(logger);
    this.watching = this.watchConnection();
    this.listen('bus', (body) => isBusMessage(body) && this.local.publish(body));
  }

  /** @throws AppError INVALID_STATE when no server can be reached or the client is not installed */
  static async open({ url, name, logger }: NatsBusOptions): Promise<NatsBus> {
    const servers = url.split(',').map((server) => new URL(server.trim()));
    const [{ username = '', password = '' } = {}] = servers;
    try {
      // Only a platform of several processes needs the client.
      const client = await import('@nats-io/transport-node');
      const connection = await client.connect({
        servers: servers.map(({ host }) => host),
        name,
        noEcho: true,
        maxReconnectAttempts: -1,
        pingInterval: PING_MS,
        maxPingOut: MAX_PINGS_OUT,
        ...(username !== '' && { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
      });
      return new NatsBus(client, connection, logger);
    } catch (cause) {
      const hosts = servers.map(({ host }) => host).join(', ');
      throw new AppError('INVALID_STATE', { hosts }, { cause, message: `cannot reach the bus at ${hosts}` });
    }
  }

  publish(message: BusMessage): void {
    this.local.publish(message);
    this.announce('bus', message);
  }

  subscribe<T extends BusTopic>(topic: T, onMessage: (message: BusMessageOf<T>) => void): Disposable {
    return this.local.subscribe(topic, onMessage);
  }

  announce(subject: string, body: unknown): void {
    if (!this.connection.isClosed()) this.connection.publish(`${PREFIX}.${subject}`, JSON.stringify(body));
  }

  listen(subject: string, onBody: (body: unknown) => void): Disposable {
    return this.receive(subject, undefined, (message) => onBody(message.json()));
  }

  serve(subject: string, answer: (body: unknown) => Promise<unknown>): Disposable {
    return this.receive(subject, GROUP, (message) => {
      answer(message.json()).then(
        (result) => message.respond(JSON.stringify({ result })),
        (thrown: unknown) => message.respond(JSON.stringify(refusal(thrown))),
      );
    });
  }

  async request(subject: string, body: unknown, { timeoutMs, signal }: ExchangeOptions): Promise<unknown> {
    if (signal?.aborted) throw new AppError('CANCELLED', undefined, { cause: signal.reason });
    // The client would keep the request until the bus is back, and whoever waits would not know.
    if (this.isAway) throw unreachable();
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(new AppError('CANCELLED', undefined, { cause: signal?.reason }));
    signal?.addEventListener('abort', onAbort, { once: true });
    this.waiting.add(reject);
    try {
      const asked = this.connection.request(`${PREFIX}.${subject}`, JSON.stringify(body), { timeout: timeoutMs });
      return resultOf((await Promise.race([asked, aborted])).json());
    } catch (thrown) {
      throw thrown instanceof AppError ? thrown : this.requestFailure(thrown, subject);
    } finally {
      this.waiting.delete(reject);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  watchReturn(onReturn: () => void): Disposable {
    this.returnWatchers.add(onReturn);
    return { [Symbol.dispose]: () => void this.returnWatchers.delete(onReturn) };
  }

  /** Sends what was published before it closes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.connection.isClosed()) await this.connection.drain();
    await this.watching;
  }

  /** Ends with the connection. */
  private async watchConnection(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') {
        this.isAway = true;
        for (const giveUp of this.waiting) giveUp(unreachable());
        this.logger.warn({}, 'the bus cannot be reached');
      }
      if (type !== 'reconnect') continue;
      this.isAway = false;
      this.logger.info({}, 'the bus is back');
      for (const onReturn of this.returnWatchers) onReturn();
    }
  }

  private requestFailure(thrown: unknown, subject: string): AppError {
    const { RequestError, TimeoutError } = this.client;
    const cause = thrown instanceof Error ? thrown.cause : undefined;
    if (thrown instanceof RequestError && thrown.isNoResponders()) return new AppError('NOT_FOUND', { subject }, { cause: thrown });
    const late = thrown instanceof TimeoutError || cause instanceof TimeoutError;
    return new AppError(late ? 'TIMEOUT' : 'INTERNAL_ERROR', { subject }, { cause: thrown });
  }

  private receive(subject: string, queue: string | undefined, onMessage: (message: Msg) => void): Disposable {
    const subscription: Subscription = this.connection.subscribe(`${PREFIX}.${subject}`, {
      ...(queue !== undefined && { queue }),
      callback: (error, message) => {
        try {
          if (error !== null) throw error;
          onMessage(message);
        } catch (thrown) {
          this.logger.error({ err: thrown, subject }, 'a message of another process could not be taken');
        }
      },
    });
    // Draining hands over what the server had already sent.
    return { [Symbol.dispose]: () => void (this.connection.isClosed() || subscription.drain().catch(() => {})) };
  }
}

function unreachable(): AppError {
  const message = 'the other servers of the platform cannot be reached';
  return new AppError('NO_CAPACITY', undefined, { message, retryAfterMs: AWAY_RETRY_MS });
}

function isBusMessage(body: unknown): body is BusMessage {
  return typeof body === 'object' && body !== null && 'type' in body && typeof body.type === 'string';
}
