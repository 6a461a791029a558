import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Principal } from '../authorization/proof.ts';
import type { Bus, BusMessageOf } from '../store/ports.ts';
import { EventFeed } from './event-feed.ts';
import { EventStreamConnection } from './event-stream-connection.ts';
import { EventTranslator, type EventTranslatorOptions } from './event-translator.ts';

export interface EventStreamsOptions extends EventTranslatorOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const MAX_CONNECTIONS = 5_000;
const MAX_PER_USER = 32;

/** Server-Sent Events for users (HTML Living Standard 9.2): what they may see of what happens, as it happens. */
export class EventStreams implements Disposable {
  private readonly options: EventStreamsOptions;
  private readonly feed: EventFeed;
  private readonly translator: EventTranslator;
  private readonly connections = new Set<EventStreamConnection>();
  private readonly resources = new DisposableStack();

  constructor(options: EventStreamsOptions) {
    this.options = options;
    this.feed = new EventFeed(options);
    this.translator = new EventTranslator(options);
  }

  start(): void {
    this.resources.use(this.feed).start();
    this.resources.use(this.options.bus.subscribe('revoked', (message) => this.onRevoked(message)));
    this.resources.defer(() => {
      for (const connection of [...this.connections]) connection[Symbol.dispose]();
    });
  }

  /**
   * Turns the answer to `request` into a stream, resumed after its `Last-Event-ID`.
   * @throws AppError LIMIT_EXCEEDED when the user, or everybody together, has too many open
   */
  open(principal: Principal, request: FastifyRequest, reply: FastifyReply): void {
    const ofUser = [...this.connections].filter((connection) => connection.principal.userId === principal.userId);
    if (ofUser.length >= MAX_PER_USER || this.connections.size >= MAX_CONNECTIONS) {
      throw new AppError('LIMIT_EXCEEDED', undefined, { retryAfterMs: 30_000 });
    }
    const { authorizer, clock, logger } = this.options;
    reply.hijack();
    const response = reply.raw;
    response.writeHead(200, { ...definedHeaders(reply), 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' });
    const connection = new EventStreamConnection({
      principal,
      response,
      clock,
      logger,
      translate: (message) => this.translator.translate(message, principal),
      credentialLives: () => authorizer.credentialLives(principal),
    });
    const following = this.feed.follow((entry) => connection.push(entry));
    this.connections.add(connection);
    response.once('close', () => {
      following[Symbol.dispose]();
      this.connections.delete(connection);
      connection[Symbol.dispose]();
    });
    const after = request.headers['last-event-id'];
    connection.start({ missed: typeof after === 'string' ? this.feed.after(after) : [], head: this.feed.head });
  }

  [Symbol.dispose](): void {
    this.resources.dispose();
  }

  private onRevoked({ scope, id }: BusMessageOf<'revoked'>): void {
    for (const connection of [...this.connections]) {
      const { userId, userSessionId } = connection.principal;
      if ((scope === 'user' && id === userId) || (scope === 'session' && id === userSessionId)) connection[Symbol.dispose]();
    }
  }
}

function definedHeaders(reply: FastifyReply): Record<string, string | number | string[]> {
  return Object.fromEntries(Object.entries(reply.getHeaders()).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
