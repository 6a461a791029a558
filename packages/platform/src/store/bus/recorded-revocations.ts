import { type Clock, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import type { Db } from '../sql/schema.ts';
import type { Bus, BusMessage, BusMessageOf, BusTopic } from './bus.ts';
import { InProcessBus } from './in-process-bus.ts';

export interface RecordedRevocationsOptions {
  readonly bus: Bus;
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const POLL_MS = 500;
/** How far the clocks of two processes may differ, with the time a slow write takes. */
const OVERLAP_MS = 30_000;
const KEEP_MS = 10 * 60_000;
/** Whoever cannot read for as long may have missed the end of any right. */
const LOST_MS = 10_000;

/**
 * A bus between processes whose `revoked` messages cannot be lost: each is written to the database besides, where a process
 * that the bus does not reach finds it within a second. Where the database cannot be read either, every right is to be looked at
 * after ten seconds, and again. Every other message goes as the bus takes it.
 */
export class RecordedRevocations implements Bus, AsyncDisposable {
  private readonly options: RecordedRevocationsOptions;
  private readonly lifetime: Lifetime;
  private readonly revoked: InProcessBus;
  /** Rows that need not be delivered any more: id and instant. */
  private readonly known = new Map<string, number>();
  /** When they could be read last, or everybody was told that they cannot; monotonic. */
  private readMs: number;

  constructor(options: RecordedRevocationsOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
    this.revoked = new InProcessBus(options.logger);
    this.readMs = options.clock.monotonicMs();
  }

  start(): void {
    const { bus, clock, logger } = this.options;
    this.lifetime.own(bus.subscribe('revoked', (message) => this.revoked.publish(message)));
    this.lifetime.run('revocations of other processes', async (signal) => {
      while (!signal.aborted) {
        await sleep(clock, POLL_MS, { signal });
        await this.poll().catch((error: unknown) => {
          logger.warn({ err: error }, 'revocations cannot be read');
          this.onUnread();
        });
      }
    });
    this.lifetime.run('forgetting of old revocations', async (signal) => {
      while (!signal.aborted) {
        await sleep(clock, KEEP_MS, { signal });
        await this.forgetOld();
      }
    });
  }

  publish(message: BusMessage): void {
    this.options.bus.publish(message);
    if (message.type === 'revoked') this.lifetime.run('writing down of a revocation', () => this.record(message));
  }

  subscribe<T extends BusTopic>(topic: T, onMessage: (message: BusMessageOf<T>) => void): Disposable {
    return topic === 'revoked' ? this.revoked.subscribe(topic, onMessage) : this.options.bus.subscribe(topic, onMessage);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async record({ scope, id: subject }: BusMessageOf<'revoked'>): Promise<void> {
    if (scope === 'all') return;
    const { clock, db, random } = this.options;
    const [id, at] = [random.ulid(), clock.now()];
    this.known.set(id, at);
    await db.insertInto('revocation').values({ id, scope, subject, at }).execute();
  }

  /** Without the database nobody is let in anew, and who is in is checked, which fails, by those who serve them. */
  private onUnread(): void {
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - this.readMs < LOST_MS) return;
    this.readMs = nowMs;
    this.revoked.publish({ type: 'revoked', scope: 'all', id: '' });
  }

  private async poll(): Promise<void> {
    const { clock, db } = this.options;
    const since = clock.now() - OVERLAP_MS;
    const rows = await db.selectFrom('revocation').selectAll().where('at', '>=', since).execute();
    this.readMs = clock.monotonicMs();
    for (const { id, scope, subject, at } of rows) {
      if (this.known.has(id)) continue;
      this.known.set(id, at);
      this.revoked.publish({ type: 'revoked', scope, id: subject });
    }
    for (const [id, at] of this.known) if (at < since) this.known.delete(id);
  }

  private async forgetOld(): Promise<void> {
    const { clock, db, logger } = this.options;
    const before = clock.now() - KEEP_MS;
    await db
      .deleteFrom('revocation')
      .where('at', '<', before)
      .execute()
      .catch((error: unknown) => logger.warn({ err: error }, 'old revocations cannot be removed'));
  }
}
