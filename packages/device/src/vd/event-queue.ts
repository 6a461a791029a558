import { join } from 'node:path';
import { AppError, Backoff, type CallOptions, type Clock, hasStatus, type Logger, type Random, sleep, TokenBucket } from '@cardea/core';
import {
  backoffDefaults,
  conforms,
  ErrorData,
  type ParamsOf,
  type ResultOf,
  type RpcDefinition,
  validateParams,
  vdLimits,
  vdMessageOf,
  vdTimers,
} from '@cardea/protocol';
import { Journal } from '../state/journal.ts';

/** Sends one message to the platform. @throws AppError */
export interface MessageSender {
  call<D extends RpcDefinition>(definition: D, params: ParamsOf<D>, options: CallOptions): Promise<ResultOf<D>>;
  notify<D extends RpcDefinition>(definition: D, params: ParamsOf<D>): void;
}

export interface EventQueueOptions {
  readonly sender: MessageSender;
  /** Events may be sent: connected, and bound. */
  readonly maySend: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

interface EventParams {
  readonly eventId: string;
  readonly occurredAt: number;
}

/** What an event has beside the members every event has. */
export type EventContent<D extends RpcDefinition> = Omit<ParamsOf<D>, keyof EventParams> & Partial<EventParams>;

interface QueuedEvent {
  readonly definition: RpcDefinition;
  readonly params: ParamsOf<RpcDefinition> & EventParams;
  readonly onAnswer?: (answer: unknown) => void;
}

type EventRecord = { readonly queued: { readonly method: string; readonly params: unknown } } | { readonly done: string };

export interface EventJournal {
  readonly journal: Journal<EventRecord>;
  readonly records: readonly EventRecord[];
}

const FILE = 'events';
const MAX_EVENTS = 500;
const COMPACT_AFTER_LINES = 2_000;

/** The events a device kept, for an `EventQueue`. */
export function openEventJournal(stateDirectory: string): Promise<EventJournal> {
  return Journal.open({ path: join(stateDirectory, FILE), decode: decodeRecord });
}

/**
 * Events on their way to the platform. Those that must arrive are kept on disk until they are acknowledged and are sent
 * again, oldest first, after every reconnect; the newest 500 of the last day are kept. The others go out now or never.
 * @see profile hss-open-1 B3 (event message) and C3 step 4
 */
export class EventQueue implements AsyncDisposable {
  private readonly options: EventQueueOptions;
  private readonly journal: Journal<EventRecord>;
  private readonly waiting = new Map<string, QueuedEvent>();
  private readonly rate: TokenBucket;
  private wakeUp: () => void = () => {};
  private dropped = 0;

  constructor(options: EventQueueOptions, { journal, records }: EventJournal) {
    this.options = options;
    this.journal = journal;
    this.rate = new TokenBucket({ burst: 1, perSecond: vdLimits.eventsResentPerSec }, options.clock);
    for (const record of records) {
      if ('done' in record) this.waiting.delete(record.done);
      else restore(this.waiting, record.queued);
    }
  }

  get count(): number {
    return this.waiting.size;
  }

  /**
   * Sends an event, or keeps it until it can be sent. Resolves with its id: a kept event is on disk then.
   * `onAnswer` is called with the acknowledgement, unless the device restarts before it comes.
   */
  async publish<D extends RpcDefinition>(
    definition: D,
    content: EventContent<D>,
    onAnswer?: (answer: ResultOf<D>) => void,
  ): Promise<string>;
  async publish(definition: RpcDefinition, content: Partial<EventParams>, onAnswer?: (answer: unknown) => void): Promise<string> {
    const { clock, random, sender, maySend } = this.options;
    const params = { eventId: random.ulid(), occurredAt: clock.now(), ...content };
    if (definition.delivery !== 'acknowledged') {
      if (maySend()) sender.notify(definition, params);
      return params.eventId;
    }
    this.waiting.set(params.eventId, { definition, params, ...(onAnswer && { onAnswer }) });
    this.dropExcess();
    await this.journal.append({ queued: { method: definition.method, params } });
    this.wake();
    return params.eventId;
  }

  /** The connection came up or something else changed that lets events be sent. */
  wake(): void {
    this.wakeUp();
  }

  /** Forgets everything: the device belongs to somebody else from now on. */
  async clear(): Promise<void> {
    this.waiting.clear();
    await this.compact();
  }

  /** Sends what waits, until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, logger } = this.options;
    const backoff = new Backoff({ baseMs: backoffDefaults.baseMs, maxMs: backoffDefaults.capMs, random: () => random.fraction() });
    signal.addEventListener('abort', () => this.wake(), { once: true });
    while (!signal.aborted) {
      const woken = new Promise<void>((resolve) => {
        this.wakeUp = resolve;
      });
      const next = this.options.maySend() ? this.oldest() : undefined;
      if (next === undefined) {
        await woken;
        continue;
      }
      for (let waitMs = this.rate.take(); waitMs > 0 && !signal.aborted; waitMs = this.rate.take()) {
        await sleep(clock, waitMs, { signal }).catch(() => {});
      }
      try {
        await this.send(next, signal);
        backoff.reset();
      } catch (error) {
        if (signal.aborted) return;
        const failure = AppError.from(error);
        logger.warn({ status: failure.status, method: next.definition.method }, 'an event was not acknowledged and is sent again');
        await sleep(clock, Math.max(waitAskedBy(failure), backoff.next()), { signal }).catch(() => {});
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.journal[Symbol.asyncDispose]();
  }

  private oldest(): QueuedEvent | undefined {
    this.dropExcess();
    return this.waiting.values().next().value;
  }

  /** @throws AppError when it has to be sent again */
  private async send(event: QueuedEvent, signal: AbortSignal): Promise<void> {
    const { definition, params, onAnswer } = event;
    try {
      const answer = await this.options.sender.call(definition, params, { signal });
      onAnswer?.(answer);
    } catch (error) {
      if (!isFinal(error)) throw error;
      this.options.logger.error({ err: error, method: definition.method, eventId: params.eventId }, 'an event was refused and is dropped');
    }
    this.waiting.delete(params.eventId);
    await this.journal.append({ done: params.eventId });
    if (this.journal.lineCount > COMPACT_AFTER_LINES) await this.compact();
  }

  private dropExcess(): void {
    const oldestAt = this.options.clock.now() - vdTimers.eventKeptMs;
    for (const [eventId, { params }] of this.waiting) {
      if (this.waiting.size <= MAX_EVENTS && params.occurredAt >= oldestAt) break;
      this.waiting.delete(eventId);
      this.dropped += 1;
      this.options.logger.warn({ eventId, dropped: this.dropped }, 'an old event is dropped unsent');
    }
  }

  private compact(): Promise<void> {
    return this.journal.rewrite(() =>
      [...this.waiting.values()].map(({ definition, params }) => ({ queued: { method: definition.method, params } })),
    );
  }
}

function waitAskedBy({ remote, retryAfterMs }: AppError): number {
  const asked = conforms(ErrorData, remote?.data) ? remote?.data.retryAfterMs : undefined;
  return retryAfterMs ?? asked ?? 0;
}

/** Sending the same bytes again would bring the same refusal. */
function isFinal(error: unknown): boolean {
  return error instanceof AppError && error.remote !== undefined && !error.retryable && !hasStatus(error, 'UNAUTHORIZED');
}

function decodeRecord(value: unknown): EventRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('done' in value && typeof value.done === 'string') return { done: value.done };
  if (!('queued' in value) || typeof value.queued !== 'object' || value.queued === null) return undefined;
  const { queued } = value;
  if (!('method' in queued) || typeof queued.method !== 'string' || !('params' in queued)) return undefined;
  return { queued: { method: queued.method, params: queued.params } };
}

function restore(waiting: Map<string, QueuedEvent>, { method, params }: { readonly method: string; readonly params: unknown }): void {
  const definition: RpcDefinition | undefined = vdMessageOf(method);
  if (definition === undefined) return;
  const checked = validateParams(definition, params);
  if (!checked.ok) return;
  if (!('eventId' in checked.value) || !('occurredAt' in checked.value)) return;
  const { eventId, occurredAt } = checked.value;
  if (typeof eventId !== 'string' || typeof occurredAt !== 'number') return;
  waiting.set(eventId, { definition, params: { ...checked.value, eventId, occurredAt } });
}
