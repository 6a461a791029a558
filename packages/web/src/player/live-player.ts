import { type Clock, wait } from '../clock.ts';
import { watchFrames, watchPage } from './frame-watch.ts';
import type { LastPictures } from './last-pictures.ts';
import { LiveConnection } from './live-connection.ts';
import type { LiveSource } from './live-source.ts';
import { type LiveStats, type LiveStatus, UnsupportedMedia } from './live-status.ts';
import { retryDelayMs } from './retry-delay.ts';
import { TimeForMore, TooSlow } from './stream-choice.ts';

export interface LivePlayerOptions {
  readonly video: HTMLVideoElement;
  readonly source: LiveSource;
  readonly clock: Clock;
  readonly pictures: LastPictures;
  /** What the last picture is kept under. */
  readonly pictureKey: string;
  readonly onStatus: (status: LiveStatus) => void;
}

const WATCH_MS = 500;
const STALLED_AFTER_MS = 3_000;
/** A connection that brought pictures for this long was a good one. */
const PROVEN_AFTER_MS = 5_000;
/** A page out of sight keeps its pictures this long. */
const HIDDEN_GRACE_MS = 30_000;

/**
 * Shows one live channel on a video element from `start` to `stop`: opens and renews the right to watch, comes back after a
 * failure with growing waits, rests while nobody sees the page, and always says what the picture on show is.
 */
export class LivePlayer {
  private readonly options: LivePlayerOptions;
  private connection: LiveConnection | undefined;
  private watches: DisposableStack | undefined;
  private round: AbortController | undefined;
  private status: LiveStatus = { kind: 'idle' };
  private failures = 0;
  private startedAtMs = 0;
  private firstFrameMs: number | undefined;
  private frameAtMs: number | undefined;
  private frameAt = 0;

  constructor(options: LivePlayerOptions) {
    this.options = options;
  }

  start(): void {
    if (this.watches !== undefined) return;
    const { clock, video } = this.options;
    const watches = new DisposableStack();
    watches.use(watchFrames(video, () => this.onFrame()));
    watches.use(clock.every(WATCH_MS, () => this.judge()));
    watches.use(watchPage(clock, HIDDEN_GRACE_MS, (seen) => (seen ? this.resume() : this.rest())));
    this.watches = watches;
    this.resume();
  }

  stop(): void {
    this.watches?.dispose();
    this.watches = undefined;
    this.rest();
  }

  /** Tries now instead of after the wait, also after a refusal. */
  retry(): void {
    this.rest();
    this.resume();
  }

  stats(): LiveStats {
    const quality = this.options.video.getVideoPlaybackQuality();
    const { firstFrameMs, connection } = this;
    return { firstFrameMs, behindMs: connection?.behindMs, droppedFrames: quality.droppedVideoFrames, mime: connection?.mime };
  }

  private resume(): void {
    if (this.watches === undefined || this.round !== undefined) return;
    const round = new AbortController();
    this.round = round;
    this.failures = 0;
    void this.keepConnected(round.signal);
  }

  private rest(): void {
    this.round?.abort();
    this.round = undefined;
    this.disconnect();
    this.setStatus({ kind: 'idle' });
  }

  private async keepConnected(signal: AbortSignal): Promise<void> {
    const { clock, source } = this.options;
    let cause: unknown;
    while (!signal.aborted) {
      this.startedAtMs = clock.uptimeMs();
      this.firstFrameMs = undefined;
      if (this.failures === 0) this.setStatus({ kind: 'connecting' });
      cause = await this.connectOnce(signal, cause).catch((error: unknown) => error);
      if (signal.aborted) return;
      this.disconnect();
      if (cause instanceof UnsupportedMedia) return this.setStatus({ kind: 'unsupported', mime: cause.mime });
      if (source.isFinal(cause)) return this.setStatus({ kind: 'refused', cause });
      if (cause instanceof TooSlow || cause instanceof TimeForMore) {
        this.failures = 0;
        continue;
      }
      this.failures = this.hasProven() ? 1 : this.failures + 1;
      this.setStatus({ kind: 'retrying', cause });
      await wait(clock, retryDelayMs(this.failures, clock.random()), signal);
    }
  }

  /** Resolves with why the connection ended. */
  private async connectOnce(signal: AbortSignal, before: unknown): Promise<unknown> {
    const { clock, source, video } = this.options;
    const ticket = await source.open({ signal, before });
    if (signal.aborted) return ticket.end();
    const { promise, resolve } = Promise.withResolvers<unknown>();
    signal.addEventListener('abort', resolve, { once: true });
    const onBlocked = (): void => this.setStatus({ kind: 'blocked' });
    this.connection = new LiveConnection({ video, ticket, clock, onBlocked, onEnded: resolve });
    const change = ticket.forMs === undefined ? undefined : clock.after(ticket.forMs, () => resolve(new TimeForMore()));
    const cause = await promise;
    change?.[Symbol.dispose]();
    return cause;
  }

  private disconnect(): void {
    if (this.connection === undefined) return;
    const { video, pictures, pictureKey } = this.options;
    if (this.firstFrameMs !== undefined) pictures.keep(pictureKey, video, this.frameAt);
    this.connection[Symbol.dispose]();
    this.connection = undefined;
    this.frameAtMs = undefined;
  }

  private hasProven(): boolean {
    return this.firstFrameMs !== undefined && this.options.clock.uptimeMs() - this.startedAtMs - this.firstFrameMs > PROVEN_AFTER_MS;
  }

  private onFrame(): void {
    if (this.connection === undefined) return;
    const { clock } = this.options;
    this.frameAtMs = clock.uptimeMs();
    this.frameAt = clock.nowMs();
    this.firstFrameMs ??= this.frameAtMs - this.startedAtMs;
    if (this.status.kind !== 'playing') this.setStatus({ kind: 'playing' });
  }

  /** A frozen picture must not look live. */
  private judge(): void {
    if (this.status.kind !== 'playing' || this.frameAtMs === undefined) return;
    if (document.visibilityState === 'hidden' || this.options.clock.uptimeMs() - this.frameAtMs < STALLED_AFTER_MS) return;
    this.setStatus({ kind: 'stalled', stillAt: this.frameAt });
  }

  private setStatus(status: LiveStatus): void {
    this.status = status;
    this.options.onStatus(status);
  }
}
