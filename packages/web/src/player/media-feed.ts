import { AppendQueue } from './append-queue.ts';
import type { TimeRange } from './live-edge.ts';

export interface MediaFeedOptions {
  readonly video: HTMLVideoElement;
  readonly mime: string;
  /** The feed can take no more; called once. What was on show stays until it is disposed. */
  readonly onFault: (cause: unknown) => void;
}

/** How much of the past stays in memory. */
const KEEP_SEC = 20;
/** Removing costs, so it is done in pieces. */
const TRIM_ABOVE_SEC = 30;
const KEEP_WHEN_FULL_SEC = 3;

declare global {
  interface Window {
    readonly ManagedMediaSource?: typeof MediaSource;
  }
}

/** Safari on phones has only the managed variant. */
function mediaSourceClass(): typeof MediaSource | undefined {
  return typeof MediaSource === 'undefined' ? window.ManagedMediaSource : MediaSource;
}

/** Whether this browser can show fragmented MP4 of type `mime`. */
export function canPlay(mime: string): boolean {
  return mediaSourceClass()?.isTypeSupported(mime) === true;
}

/** Fills a video element with fragmented MP4 as it arrives, and forgets what was played. Dispose to leave the element empty. */
export class MediaFeed {
  private readonly options: MediaFeedOptions;
  private readonly queue = new AppendQueue();
  private readonly media: MediaSource;
  private readonly url: string;
  private buffer: SourceBuffer | undefined;
  private disposed = false;
  private failed = false;

  constructor(options: MediaFeedOptions) {
    this.options = options;
    const { video, mime } = options;
    const SourceOfMedia = mediaSourceClass() ?? MediaSource;
    this.media = new SourceOfMedia();
    this.media.addEventListener('sourceopen', () => this.open(mime), { once: true });
    this.url = URL.createObjectURL(this.media);
    // The managed variant is refused while playing on another screen is possible.
    video.disableRemotePlayback = true;
    video.src = this.url;
  }

  /** What can be played now, in order. */
  get ranges(): readonly TimeRange[] {
    const { buffer } = this;
    if (buffer === undefined || this.disposed || this.media.readyState !== 'open') return [];
    const { buffered } = buffer;
    return Array.from({ length: buffered.length }, (_, index) => ({ startSec: buffered.start(index), endSec: buffered.end(index) }));
  }

  append(bytes: Uint8Array<ArrayBuffer>): void {
    if (!this.queue.push({ kind: 'append', bytes })) this.fail(new RangeError('the browser does not keep up'));
    this.work();
  }

  /** What is appended from now on has another type. */
  changeType(mime: string): void {
    if (!this.queue.push({ kind: 'changeType', mime })) this.fail(new RangeError('the browser does not keep up'));
    this.work();
  }

  [Symbol.dispose](): void {
    if (this.disposed) return;
    this.disposed = true;
    const { video } = this.options;
    URL.revokeObjectURL(this.url);
    if (video.src === this.url) {
      video.removeAttribute('src');
      video.load();
    }
  }

  private open(mime: string): void {
    if (this.disposed) return;
    try {
      this.buffer = this.media.addSourceBuffer(mime);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.buffer.addEventListener('updateend', () => this.work());
    this.buffer.addEventListener('error', () => this.fail(this.options.video.error ?? new TypeError('unreadable media')));
    this.work();
  }

  /** Does the next thing there is to do; the end of each calls this again. */
  private work(): void {
    const { buffer } = this;
    if (this.disposed || this.failed || buffer === undefined || buffer.updating || this.media.readyState !== 'open') return;
    if (this.trim(buffer, TRIM_ABOVE_SEC, KEEP_SEC)) return;
    const step = this.queue.take();
    if (step === undefined) return;
    try {
      if (step.kind === 'append') this.appendNow(buffer, step.bytes);
      else buffer.changeType(step.mime);
    } catch (error) {
      this.fail(error);
    }
    // Appending ends with an event, a change of type at once; then this finds the buffer busy, or something to do.
    if (step.kind === 'changeType') this.work();
  }

  private appendNow(buffer: SourceBuffer, bytes: Uint8Array<ArrayBuffer>): void {
    try {
      buffer.appendBuffer(bytes);
    } catch (error) {
      const full = error instanceof DOMException && error.name === 'QuotaExceededError';
      if (!full || !this.trim(buffer, KEEP_WHEN_FULL_SEC, KEEP_WHEN_FULL_SEC)) throw error;
      this.queue.putBack(bytes);
    }
  }

  /** Removes what lies more than `aboveSec` back, up to `keepSec`; whether it had to. */
  private trim(buffer: SourceBuffer, aboveSec: number, keepSec: number): boolean {
    const start = buffer.buffered.length === 0 ? undefined : buffer.buffered.start(0);
    const { currentTime } = this.options.video;
    if (start === undefined || currentTime - start <= aboveSec) return false;
    buffer.remove(0, currentTime - keepSec);
    return true;
  }

  private fail(cause: unknown): void {
    if (this.disposed || this.failed) return;
    this.failed = true;
    this.options.onFault(cause);
  }
}
