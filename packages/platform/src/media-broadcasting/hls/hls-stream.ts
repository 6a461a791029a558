import { AppError, type Clock } from '@cardea/core';
import type { BroadcastPart } from '../broadcast.ts';
import type { MediaFeed } from '../media-feed.ts';
import type { HlsRequest } from './hls-request.ts';
import { HlsSegmenter } from './hls-segmenter.ts';
import { type HlsPosition, HlsWindow } from './hls-window.ts';

export interface HlsStreamOptions {
  readonly feed: MediaFeed;
  readonly clock: Clock;
  /** Follows the token in every address. */
  readonly addressSuffix?: string;
}

export interface PlaylistWish {
  /** Written into every address. */
  readonly token: string;
  /** What the playlist must hold; without it the first part will do. */
  readonly position: HlsPosition | undefined;
}

const SHORTEST_TARGET_SEC = 2;
const LONGEST_TARGET_SEC = 10;
/** A request is told to come again after this many target durations (RFC 8216bis 6.2.5.2). */
const PATIENCE_TARGETS = 3;

interface Waiter {
  readonly isServed: () => boolean;
  readonly resolve: () => void;
}

/** One stream as low-latency HLS: cut and muxed once for all readers, and only while there are some. */
export class HlsStream implements BroadcastPart {
  private readonly options: HlsStreamOptions;
  private readonly waiters = new Set<Waiter>();
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
    if (this.readerCount === 1) this.open();
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
   * The playlist, once it holds what is wished for.
   * @throws AppError INVALID_PARAMS for a position too far ahead | TIMEOUT when it does not come | CANCELLED
   */
  async playlist({ position, token }: PlaylistWish, request: HlsRequest): Promise<string> {
    const window = this.reading();
    if (position !== undefined && !window.mayCome(position)) throw new AppError('INVALID_PARAMS', { _HLS_msn: 'too far ahead' });
    await this.until(() => (position === undefined ? !window.isEmpty : window.has(position)), request);
    return window.playlist(token);
  }

  /** @throws AppError NOT_FOUND */
  init(version: number): Uint8Array {
    return found(this.reading().init(version));
  }

  /** A whole segment, in pieces. @throws AppError NOT_FOUND */
  segment(sequence: number): readonly Uint8Array[] {
    return found(this.reading().segment(sequence));
  }

  /** A part; the one that comes next is waited for. @throws AppError NOT_FOUND | TIMEOUT | CANCELLED */
  async part(sequence: number, part: number, request: HlsRequest): Promise<Uint8Array> {
    const window = this.reading();
    if (window.isHinted(sequence, part)) await this.until(() => window.has({ sequence, part }), request);
    return found(window.part(sequence, part));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private open(): void {
    const { addressSuffix = '', clock, feed } = this.options;
    const window = new HlsWindow({ firstSequence: this.firstSequence, targetDurationSec: targetFor(feed.gopSec), addressSuffix });
    const segmenter = new HlsSegmenter({ window, clock, onChange: () => this.serve() });
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

  private reading(): HlsWindow {
    if (this.window === undefined) throw new AppError('NOT_FOUND');
    return this.window;
  }

  private serve(): void {
    for (const waiter of this.waiters) if (waiter.isServed()) waiter.resolve();
  }

  private async until(isServed: () => boolean, request: HlsRequest): Promise<void> {
    if (isServed()) return;
    if (request.isClosed) throw new AppError('CANCELLED');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { isServed, resolve };
    this.waiters.add(waiter);
    using _deadline = this.options.clock.setTimer(this.patienceMs, () => reject(new AppError('TIMEOUT')));
    request.onEnd = () => reject(new AppError('CANCELLED'));
    try {
      await promise;
    } finally {
      request.onEnd = undefined;
      this.waiters.delete(waiter);
    }
  }
}

function targetFor(gopSec: number | undefined): number {
  return Math.min(LONGEST_TARGET_SEC, Math.max(SHORTEST_TARGET_SEC, Math.round(gopSec ?? 0)));
}

function found<T>(value: T | undefined): T {
  if (value === undefined) throw new AppError('NOT_FOUND');
  return value;
}
