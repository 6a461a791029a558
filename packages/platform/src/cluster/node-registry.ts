import { AppError, type Clock, hasStatus, Lifetime, type Logger, sleep } from '@cardea/core';
import { conforms } from '@cardea/protocol';
import { type Static, Type } from 'typebox';
import type { Exchange } from '../store/ports.ts';
import { MediaReport } from './media/media-report.ts';

/** What a process of the platform tells the others about itself. */
const PlatformNode = Type.Object({
  id: Type.String({ minLength: 1 }),
  /** Origin under which devices reach it. */
  url: Type.String(),
  roles: Type.Array(Type.String()),
  /** Devices connected to it. */
  connections: Type.Integer({ minimum: 0 }),
  /** Absent where nobody watches ever. */
  media: Type.Optional(MediaReport),
  /** Serving, about to stop, or gone. */
  state: Type.Enum(['serving', 'draining', 'gone'] as const),
});
export type PlatformNode = Static<typeof PlatformNode>;

/** A process, and how long ago it said what it says of itself, in milliseconds. */
export type HeardNode = PlatformNode & { readonly silentMs: number };

export interface NodeRegistryOptions {
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This process as it is now. */
  readonly self: () => PlatformNode;
}

export interface NodeWatcher {
  onCome(nodeId: string): void;
  /** It left, or fell silent. */
  onGone(nodeId: string): void;
}

const HEARTBEAT_MS = 2_000;
/** A process that was silent for so long is taken for dead. */
const SILENT_MS = 3.5 * HEARTBEAT_MS;
const PROBE_TIMEOUT_MS = 1_000;
const SUBJECT = 'node';

/** Knows the living processes of the platform by their heartbeats, this one included. */
export class NodeRegistry implements AsyncDisposable {
  private readonly options: NodeRegistryOptions;
  private readonly lifetime: Lifetime;
  private readonly heard = new Map<string, { readonly node: PlatformNode; readonly atMs: number }>();
  private readonly watchers = new Set<NodeWatcher>();
  private state: PlatformNode['state'] = 'serving';

  constructor(options: NodeRegistryOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  /** @throws AppError INVALID_STATE when a process with this id runs already */
  async start(): Promise<void> {
    const { clock, exchange } = this.options;
    const { id } = this.self();
    await this.assertUnique(id);
    this.lifetime.own(exchange.serve(`${SUBJECT}.${id}.probe`, async () => ({ id })));
    this.lifetime.own(exchange.listen(SUBJECT, (body) => this.onHeartbeat(body)));
    this.lifetime.run('heartbeat of this process', async (signal) => {
      while (!signal.aborted) {
        this.announce();
        const sinceMs = clock.monotonicMs();
        await sleep(clock, HEARTBEAT_MS, { signal });
        // After a stall of this process the heartbeats of the others are still to be read.
        if (clock.monotonicMs() - sinceMs < 2 * HEARTBEAT_MS) this.forgetSilent();
      }
    });
  }

  /** Every living process, this one first. */
  nodes(): readonly HeardNode[] {
    const nowMs = this.options.clock.monotonicMs();
    return [{ ...this.self(), silentMs: 0 }, ...[...this.heard.values()].map(({ node, atMs }) => ({ ...node, silentMs: nowMs - atMs }))];
  }

  self(): PlatformNode {
    return { ...this.options.self(), state: this.state };
  }

  /** Tells `watcher` of other processes that come and go, until disposed. */
  watch(watcher: NodeWatcher): Disposable {
    this.watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.watchers.delete(watcher) };
  }

  /** From now on nobody is sent here. */
  leave(): void {
    if (this.state === 'draining') return;
    this.state = 'draining';
    this.announce();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
    this.state = 'gone';
    this.announce();
  }

  private announce(): void {
    this.options.exchange.announce(SUBJECT, this.self());
  }

  private async assertUnique(id: string): Promise<void> {
    try {
      await this.options.exchange.request(`${SUBJECT}.${id}.probe`, {}, { timeoutMs: PROBE_TIMEOUT_MS });
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND')) return;
      throw error;
    }
    throw new AppError('INVALID_STATE', { node: id }, { message: `a process named ${id} is running; give each its own --node` });
  }

  private onHeartbeat(body: unknown): void {
    if (!conforms(PlatformNode, body)) return;
    if (body.state === 'gone') {
      this.forget(body.id);
      return;
    }
    const isNew = !this.heard.has(body.id);
    this.heard.set(body.id, { node: body, atMs: this.options.clock.monotonicMs() });
    // Whoever is new learns of this process at once and not at its next heartbeat.
    if (!isNew) return;
    this.announce();
    for (const { onCome } of this.watchers) onCome(body.id);
  }

  private forgetSilent(): void {
    const { clock, logger } = this.options;
    for (const [id, { atMs }] of this.heard) {
      if (clock.monotonicMs() - atMs <= SILENT_MS) continue;
      logger.warn({ node: id }, 'a process of the platform fell silent');
      this.forget(id);
    }
  }

  private forget(id: string): void {
    if (this.heard.delete(id)) for (const { onGone } of this.watchers) onGone(id);
  }
}
