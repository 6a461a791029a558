import type { Random } from '@cardea/core';
import type { Bus, BusMessageOf } from '../store/ports.ts';

export type FeedMessage = BusMessageOf<'device' | 'alarm' | 'live' | 'segment'>;

export interface FeedEntry {
  /** Rises within this process and, by the clock, across restarts. */
  readonly id: string;
  readonly message: FeedMessage;
}

const TOPICS = ['device', 'alarm', 'live', 'segment'] as const;
const KEPT = 1_000;

/** The last 1,000 things that happened on the platform, numbered, for readers to follow and to resume. */
export class EventFeed implements Disposable {
  private readonly bus: Bus;
  private readonly random: Random;
  private readonly subscriptions = new DisposableStack();
  private readonly readers = new Set<(entry: FeedEntry) => void>();
  private readonly kept: FeedEntry[] = [];
  /** Everything after this id is kept. */
  private completeAfter: string;

  constructor({ bus, random }: { readonly bus: Bus; readonly random: Random }) {
    this.bus = bus;
    this.random = random;
    this.completeAfter = random.ulid();
  }

  start(): void {
    for (const topic of TOPICS) this.subscriptions.use(this.bus.subscribe(topic, (message) => this.add(message)));
  }

  /** The id of the newest entry, or of the beginning. */
  get head(): string {
    return this.kept.at(-1)?.id ?? this.completeAfter;
  }

  /** What happened after `id`, or `undefined` when that is no longer known. */
  after(id: string): readonly FeedEntry[] | undefined {
    if (id < this.completeAfter || id > this.head) return undefined;
    return this.kept.filter((entry) => entry.id > id);
  }

  /** Hands every later entry to `reader`, at once. */
  follow(reader: (entry: FeedEntry) => void): Disposable {
    this.readers.add(reader);
    return { [Symbol.dispose]: () => void this.readers.delete(reader) };
  }

  [Symbol.dispose](): void {
    this.subscriptions.dispose();
  }

  private add(message: FeedMessage): void {
    const entry = { id: this.random.ulid(), message };
    this.kept.push(entry);
    if (this.kept.length > KEPT) this.completeAfter = this.kept.shift()?.id ?? this.completeAfter;
    for (const reader of this.readers) reader(entry);
  }
}
