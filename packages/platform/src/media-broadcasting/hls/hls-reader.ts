import { AppError, type Clock, type Timer } from '@cardea/core';
import type { ConnectionReport, ViewerConnection, ViewSession } from '../view-session.ts';
import type { HlsRequest } from './hls-request.ts';
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
  private readonly requests = new Set<HlsRequest>();
  private readonly use: Disposable;
  private readonly place: Disposable;
  private waiting = 0;
  private isOver = false;
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
   * Serves one request of the player.
   * @throws AppError UNAUTHORIZED when the reader ended meanwhile | LIMIT_EXCEEDED | what `serve` throws
   */
  async ask<T>(request: HlsRequest, serve: () => Promise<T>): Promise<T> {
    if (this.requests.size >= MAX_REQUESTS) throw new AppError('LIMIT_EXCEEDED');
    this.requests.add(request);
    request.onClosed(() => this.requests.delete(request));
    this.waiting += 1;
    try {
      return await serve();
    } catch (error) {
      throw this.isOver ? new AppError('UNAUTHORIZED') : error;
    } finally {
      this.waiting -= 1;
      this.askedAtMs = this.options.clock.monotonicMs();
    }
  }

  /** An answer of so many bytes was given. */
  count(sizeBytes: number): void {
    this.bytesOut += sizeBytes;
  }

  report(): ConnectionReport {
    return { form: 'hls', bytesOut: this.bytesOut };
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const request of this.requests) request.cancel();
    this.idle?.[Symbol.dispose]();
    this.place[Symbol.dispose]();
    this.use[Symbol.dispose]();
    this.options.onClosed();
  }

  private watchIn(ms: number): void {
    this.idle = this.options.clock.setTimer(ms, () => {
      const silentMs = this.waiting > 0 ? 0 : this.options.clock.monotonicMs() - this.askedAtMs;
      if (silentMs >= this.stream.patienceMs) this.close();
      else this.watchIn(this.stream.patienceMs - silentMs);
    });
  }
}
