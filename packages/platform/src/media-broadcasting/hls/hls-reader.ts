import { AppError, type Timer } from '@cardea/core';
import type { MediaCounters } from '../ports.ts';
import type { ConnectionReport, ViewerConnection, ViewerConnectionOptions } from '../view-session.ts';
import type { HlsRequest } from './hls-request.ts';
import type { HlsStream, HlsWaiter } from './hls-stream.ts';
import type { HlsWanted } from './hls-wanted.ts';

export interface HlsReaderOptions extends ViewerConnectionOptions {
  /** Stands for the session in the addresses of playlists. */
  readonly token: string;
  readonly stream: HlsStream;
  readonly counters: MediaCounters;
  /** Tells `request` why it is not answered. */
  readonly refuse: (request: HlsRequest, thrown: unknown) => void;
}

/** A player has a playlist, a part and a segment under way; what is beyond this is no player. */
const MAX_REQUESTS = 12;

/**
 * One player of a stream. It has no connection of its own, so it counts as one of its session for as long as it keeps
 * asking: the rights of its session were checked when it came and are checked again like those of any open connection.
 */
export class HlsReader implements ViewerConnection {
  private readonly options: HlsReaderOptions;
  private readonly requests = new Set<HlsRequest>();
  private readonly waiting = new Set<HlsWaiter>();
  private readonly use: Disposable;
  private readonly place: Disposable;
  private isOver = false;
  private bytesOut = 0;
  private askedAtMs: number;
  private idle: Timer | undefined;

  constructor(options: HlsReaderOptions) {
    this.options = options;
    this.place = options.stream.join();
    this.use = options.session.attach(this);
    this.askedAtMs = options.clock.monotonicMs();
    this.watchIn(options.stream.patienceMs);
  }

  /** Answers `request`, at once or when there is what it is for. */
  take(wanted: HlsWanted, request: HlsRequest): void {
    if (request.isClosed) return;
    if (this.isOver || this.requests.size >= MAX_REQUESTS) {
      this.options.refuse(request, new AppError(this.isOver ? 'UNAUTHORIZED' : 'LIMIT_EXCEEDED'));
      return;
    }
    this.requests.add(request);
    let waiter: HlsWaiter | undefined;
    request.onClosed(() => {
      this.requests.delete(request);
      if (waiter !== undefined) this.stopWaiting(waiter);
    });
    if (!this.serve(wanted, request)) waiter = this.wait(wanted, request);
  }

  report(): ConnectionReport {
    return { form: 'hls', bytesOut: this.bytesOut };
  }

  close(): void {
    if (this.isOver) return;
    this.isOver = true;
    for (const waiter of [...this.waiting]) waiter.giveUp(new AppError('UNAUTHORIZED'));
    for (const request of [...this.requests]) request.cut();
    this.idle?.[Symbol.dispose]();
    this.place[Symbol.dispose]();
    this.use[Symbol.dispose]();
    this.options.onClosed();
  }

  /** False when what is wanted is still to come. */
  private serve(wanted: HlsWanted, request: HlsRequest): boolean {
    const { clock, counters, refuse, stream, token } = this.options;
    this.askedAtMs = clock.monotonicMs();
    try {
      const answer = stream.find(wanted, token);
      if (answer === undefined) return false;
      const sizeBytes = request.answer(answer);
      this.bytesOut += sizeBytes;
      counters.bytesOut += sizeBytes;
    } catch (error) {
      refuse(request, error);
    }
    return true;
  }

  private wait(wanted: HlsWanted, request: HlsRequest): HlsWaiter {
    const waiter: HlsWaiter = {
      tryAgain: () => {
        if (this.serve(wanted, request)) this.stopWaiting(waiter);
      },
      giveUp: (error) => {
        this.stopWaiting(waiter);
        this.requests.delete(request);
        request.refuse(error);
      },
    };
    this.waiting.add(waiter);
    this.options.stream.wait(waiter);
    return waiter;
  }

  private stopWaiting(waiter: HlsWaiter): void {
    const { clock, stream } = this.options;
    this.askedAtMs = clock.monotonicMs();
    stream.forget(waiter);
    this.waiting.delete(waiter);
  }

  private watchIn(ms: number): void {
    const { clock, stream } = this.options;
    this.idle = clock.setTimer(ms, () => {
      const silentMs = this.waiting.size > 0 ? 0 : clock.monotonicMs() - this.askedAtMs;
      if (silentMs >= stream.patienceMs) this.close();
      else this.watchIn(stream.patienceMs - silentMs);
    });
  }
}
