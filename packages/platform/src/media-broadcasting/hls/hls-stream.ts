import { AppError, type Clock, type Timer } from '@cardea/core';
import type { BroadcastPart } from '../broadcast.ts';
import { type HttpAnswer, MEDIA_TYPE, PLAYLIST_TYPE } from '../http-answer.ts';
import type { MediaFeed } from '../media-feed.ts';
import { HlsSegmenter } from './hls-segmenter.ts';
import type { HlsWanted } from './hls-wanted.ts';
import { HlsWindow } from './hls-window.ts';

export interface HlsStreamOptions {
  readonly feed: MediaFeed;
  readonly clock: Clock;
  /** Follows the token in every address. */
  readonly addressSuffix?: string;
}

const SHORTEST_TARGET_SEC = 2;
const LONGEST_TARGET_SEC = 10;
/** A request is told to come again after this many target durations (RFC 8216bis 6.2.5.2). */
const PATIENCE_TARGETS = 3;

/** A request for what is about to come. */
export interface HlsWaiter {
  /** Something came. */
  tryAgain(): void;
  giveUp(error: AppError): void;
}

/** One stream as low-latency HLS: cut and muxed once for all readers, and only while there are some. */
export class HlsStream implements BroadcastPart {
  private readonly options: HlsStreamOptions;
  /** With when they are given up, the oldest first. */
  private readonly waiters = new Map<HlsWaiter, number>();
  private deadline: Timer | undefined;
  private readerCount = 0;
  private window: HlsWindow | undefined;
  private attachment: Disposable | undefined;
  private firstSequence = 0;

  constructor(options: HlsStreamOptions) {
    this.options = options;
  }

  get viewers(): number {
    return this.readerCount;
  }

  /** How long a reader may be silent before it counts as gone, and a request may wait. */
  get patienceMs(): number {
    return PATIENCE_TARGETS * (this.window?.targetDurationSec ?? SHORTEST_TARGET_SEC) * 1_000;
  }

  /** Somebody reads until the result is disposed. */
  join(): Disposable {
    this.readerCount += 1;
    if (this.window === undefined) this.open();
    let here = true;
    return {
      [Symbol.dispose]: () => {
        if (!here) return;
        here = false;
        this.readerCount -= 1;
        if (this.readerCount === 0) this.close();
      },
    };
  }

  /**
   * What is wanted, for the player of `token`; `undefined` when it is about to come.
   * @throws AppError INVALID_PARAMS for a position too far ahead | NOT_FOUND
   */
  find(wanted: HlsWanted, token: string): HttpAnswer | undefined {
    const { window } = this;
    if (window === undefined) throw new AppError('NOT_FOUND');
    if (wanted.kind === 'playlist') return playlistOf(window, wanted, token);
    if (wanted.kind === 'init') return answerOf(found(window.init(wanted.version)));
    if (wanted.kind === 'segment') return answerOf(...found(window.segment(wanted.sequence)));
    const part = window.part(wanted.sequence, wanted.part);
    if (part !== undefined) return { ...answerOf(part.bytes), whole: part.answer };
    if (window.isHinted(wanted.sequence, wanted.part)) return undefined;
    throw new AppError('NOT_FOUND');
  }

  /** Has `waiter` try again at every change, and give up when that was in vain for long. */
  wait(waiter: HlsWaiter): void {
    this.waiters.set(waiter, this.options.clock.monotonicMs() + this.patienceMs);
    this.deadline ??= this.options.clock.setTimer(this.patienceMs, () => this.giveUp());
  }

  forget(waiter: HlsWaiter): void {
    this.waiters.delete(waiter);
    if (this.waiters.size > 0) return;
    this.deadline?.[Symbol.dispose]();
    this.deadline = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private open(): void {
    const { addressSuffix = '', clock, feed } = this.options;
    const window = new HlsWindow({ firstSequence: this.firstSequence, targetDurationSec: targetFor(feed.gopSec), addressSuffix });
    const segmenter = new HlsSegmenter({ window, clock, onChange: () => this.serve(), onDropped: () => this.fail() });
    this.window = window;
    this.attachment = feed.attach(segmenter);
    // Whoever comes to a stream that runs does not wait for its next key frame.
    if (feed.gop.length > 0) segmenter.onBatch({ units: feed.gop, startsWithKeyframe: true });
  }

  private close(): void {
    this.attachment?.[Symbol.dispose]();
    this.attachment = undefined;
    // A player that comes back later must not take new segments for those it has.
    this.firstSequence = this.window?.followingSequence ?? this.firstSequence;
    this.window = undefined;
  }

  /** There is nothing to read until a reader comes anew. */
  private fail(): void {
    this.close();
    this.serve();
  }

  private serve(): void {
    for (const waiter of [...this.waiters.keys()]) waiter.tryAgain();
  }

  private giveUp(): void {
    const nowMs = this.options.clock.monotonicMs();
    for (const [waiter, dueMs] of [...this.waiters]) if (dueMs <= nowMs) waiter.giveUp(new AppError('TIMEOUT'));
    const [nextMs] = this.waiters.values();
    this.deadline = nextMs === undefined ? undefined : this.options.clock.setTimer(nextMs - nowMs, () => this.giveUp());
  }
}

/** @throws AppError INVALID_PARAMS */
function playlistOf(window: HlsWindow, { position }: HlsWanted & { readonly kind: 'playlist' }, token: string): HttpAnswer | undefined {
  if (position !== undefined && !window.mayCome(position)) throw new AppError('INVALID_PARAMS', { _HLS_msn: 'too far ahead' });
  if (position === undefined ? window.isEmpty : !window.has(position)) return undefined;
  const text = window.playlist(token);
  return { type: PLAYLIST_TYPE, sizeBytes: text.length, pieces: [text] };
}

function answerOf(...pieces: readonly Uint8Array[]): HttpAnswer {
  return { type: MEDIA_TYPE, sizeBytes: pieces.reduce((sum, { length }) => sum + length, 0), pieces };
}

function targetFor(gopSec: number | undefined): number {
  return Math.min(LONGEST_TARGET_SEC, Math.max(SHORTEST_TARGET_SEC, Math.round(gopSec ?? 0)));
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new AppError('NOT_FOUND');
  return value;
}
