import { AppError, type Clock, type Timer } from '@cardea/core';
import type { ConnectionReport, ViewerConnection, ViewSession } from '../view-session.ts';
import type { HlsStream } from './hls-stream.ts';

export interface HlsReaderOptions {
  readonly session: ViewSession;
  /** Stands for the session in the addresses of playlists. */
  readonly token: string;
  readonly stream: HlsStream;
  readonly clock: Clock;
  /** It is gone; called once. */
  readonly onClosed: () => void;
}

/** An answer that is being sent. */
export interface OpenAnswer {
  once(event: 'close', listener: () => void): unknown;
  destroy(): unknown;
}

/** A player has a playlist, a part and a segment under way; what is beyond this is no player. */
const MAX_REQUESTS = 12;

/**
 * One player of a stream. It has no connection of its own, so it counts as one of its session for as long as it keeps
 * asking: the rights of its session were checked when it came and are checked again like those of any open connection.
 */
export class HlsReader implements ViewerConnection {
  readonly session: ViewSession;
  readonly token: string;
  readonly stream: HlsStream;
  private readonly options: HlsReaderOptions;
  private readonly gone = new AbortController();
  private readonly answers = new Set<OpenAnswer>();
  private readonly use: Disposable;
  private readonly place: Disposable;
  private requests = 0;
  private bytesOut = 0;
  private askedAtMs: number;
  private idle: Timer | undefined;

  constructor(options: HlsReaderOptions) {
    this.options = options;
    this.session = options.session;
    this.token = options.token;
    this.stream = options.stream;
    this.place = options.stream.join();
    this.use = options.session.attach(this);
    this.askedAtMs = options.clock.monotonicMs();
    this.watchIn(this.stream.patienceMs);
  }

  /**
   * Does one request of the player; `signal` aborts when the request or the reader ends.
   * @throws AppError UNAUTHORIZED when the reader ended meanwhile | LIMIT_EXCEEDED | what `serve` throws
   */
  async ask<T>(serve: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.requests >= MAX_REQUESTS) throw new AppError('LIMIT_EXCEEDED');
    this.requests += 1;
    try {
      return await serve(AbortSignal.any([signal, this.gone.signal]));
    } catch (error) {
      throw this.gone.signal.aborted ? new AppError('UNAUTHORIZED') : error;
    } finally {
      this.requests -= 1;
      this.askedAtMs = this.options.clock.monotonicMs();
    }
  }

  report(): ConnectionReport {
    return { form: 'hls', bytesOut: this.bytesOut };
  }

  /** `answer` is cut off when the reader ends before it. */
  carry(answer: OpenAnswer, sizeBytes: number): void {
    this.bytesOut += sizeBytes;
    this.answers.add(answer);
    answer.once('close', () => this.answers.delete(answer));
  }

  close(): void {
    if (this.gone.signal.aborted) return;
    this.gone.abort();
    for (const answer of this.answers) answer.destroy();
    this.idle?.[Symbol.dispose]();
    this.place[Symbol.dispose]();
    this.use[Symbol.dispose]();
    this.options.onClosed();
  }

  private watchIn(ms: number): void {
    this.idle = this.options.clock.setTimer(ms, () => {
      const silentMs = this.requests > 0 ? 0 : this.options.clock.monotonicMs() - this.askedAtMs;
      if (silentMs >= this.stream.patienceMs) this.close();
      else this.watchIn(this.stream.patienceMs - silentMs);
    });
  }
}
