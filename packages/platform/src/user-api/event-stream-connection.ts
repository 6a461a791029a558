import type { ServerResponse } from 'node:http';
import type { StreamEvent } from '@cardea/api';
import type { Clock, Logger, Timer } from '@cardea/core';
import type { Principal } from '../authorization/proof.ts';
import type { FeedEntry, FeedMessage } from './event-feed.ts';

export interface EventStreamConnectionOptions {
  readonly principal: Principal;
  readonly response: ServerResponse;
  readonly clock: Clock;
  readonly logger: Logger;
  translate(message: FeedMessage): Promise<StreamEvent | undefined>;
  credentialLives(): Promise<boolean>;
}

const HEARTBEAT_MS = 15_000;
const MAX_WAITING = 1_000;
const MAX_UNSENT_BYTES = 1_048_576;

/** One reader of the event stream. A reader that does not keep up is let go: it resumes where it was. */
export class EventStreamConnection implements Disposable {
  readonly principal: Principal;
  private readonly options: EventStreamConnectionOptions;
  private readonly waiting: FeedEntry[] = [];
  private ended = false;
  private pumping = false;
  private heartbeat: Timer | undefined;

  constructor(options: EventStreamConnectionOptions) {
    this.options = options;
    this.principal = options.principal;
  }

  /**
   * Begins to write.
   * @param start what to send first: the entries missed, after `reset` when some of them are unknown, and the id to resume at
   */
  start({ missed, head }: { readonly missed: readonly FeedEntry[] | undefined; readonly head: string }): void {
    this.options.response.write(missed === undefined ? `id: ${head}\nevent: reset\ndata: {}\n\n` : `id: ${head}\n\n`);
    for (const entry of missed ?? []) this.push(entry);
    this.beat();
  }

  push(entry: FeedEntry): void {
    if (this.ended) return;
    this.waiting.push(entry);
    if (this.waiting.length > MAX_WAITING || this.options.response.writableLength > MAX_UNSENT_BYTES) this[Symbol.dispose]();
    else if (!this.pumping) void this.pump();
  }

  [Symbol.dispose](): void {
    this.ended = true;
    this.waiting.length = 0;
    this.heartbeat?.[Symbol.dispose]();
    const { response } = this.options;
    // What is still unsent is not for a reader that may not have it any more.
    if (response.writableLength > 0) response.destroy();
    else response.end();
  }

  private async pump(): Promise<void> {
    this.pumping = true;
    try {
      for (let entry = this.waiting.shift(); entry !== undefined; entry = this.waiting.shift()) {
        const event = await this.options.translate(entry.message);
        if (this.ended) return;
        if (event !== undefined)
          this.options.response.write(`id: ${entry.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event.data)}\n\n`);
      }
    } catch (error) {
      this.options.logger.error({ err: error }, 'the event stream of a user failed');
      this[Symbol.dispose]();
    } finally {
      this.pumping = false;
    }
  }

  private beat(): void {
    this.heartbeat = this.options.clock.setTimer(HEARTBEAT_MS, () => {
      if (this.ended) return;
      this.options.response.write(':\n\n');
      this.beat();
      void this.endIfOver();
    });
  }

  private async endIfOver(): Promise<void> {
    const lives = await this.options.credentialLives().catch(() => false);
    if (!lives) this[Symbol.dispose]();
  }
}
