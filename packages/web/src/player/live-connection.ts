import type { Clock } from '../clock.ts';
import { LiveEdge } from './live-edge.ts';
import type { LiveTicket } from './live-source.ts';
import { UnsupportedMedia } from './live-status.ts';
import { canPlay, MediaFeed } from './media-feed.ts';
import { MediaSocket } from './media-socket.ts';

export interface LiveConnectionOptions {
  readonly video: HTMLVideoElement;
  readonly ticket: LiveTicket;
  readonly clock: Clock;
  /** The browser refuses to play without a touch. */
  readonly onBlocked: () => void;
  /** The connection is over; called once. Its last picture stays until it is disposed. */
  readonly onEnded: (cause: unknown) => void;
}

const RENEW_MS = 25_000;
const EDGE_MS = 250;
/** Without a byte for this long the connection is dead, whatever TCP believes. */
const SILENCE_MS = 12_000;

/** From one ticket to the pictures on a video element, once. Dispose to end it and leave the element empty. */
export class LiveConnection {
  private readonly options: LiveConnectionOptions;
  private readonly resources = new DisposableStack();
  private readonly edge = new LiveEdge();
  private feed: MediaFeed | undefined;
  private heardAtMs: number;
  private ended = false;
  mime: string | undefined;

  constructor(options: LiveConnectionOptions) {
    this.options = options;
    const { clock, ticket, video } = options;
    this.heardAtMs = clock.uptimeMs();
    this.resources.defer(() => ticket.end());
    this.resources.use(clock.every(RENEW_MS, () => void ticket.renew().catch((error: unknown) => this.end(error))));
    this.resources.use(clock.every(EDGE_MS, () => this.tick()));
    const onWaiting = (): void => this.edge.onStall();
    video.addEventListener('waiting', onWaiting);
    this.resources.defer(() => video.removeEventListener('waiting', onWaiting));
    this.resources.use(
      new MediaSocket({
        url: ticket.url,
        onMime: (mime) => this.onMime(mime),
        onMedia: (bytes) => this.onMedia(bytes),
        onClosed: (cause) => this.end(cause),
      }),
    );
  }

  /** How far the picture on show is behind the newest that arrived. */
  get behindMs(): number | undefined {
    const newest = this.feed?.ranges.at(-1);
    return newest === undefined ? undefined : Math.max(0, (newest.endSec - this.options.video.currentTime) * 1000);
  }

  [Symbol.dispose](): void {
    this.resources.dispose();
    this.feed?.[Symbol.dispose]();
  }

  private onMime(mime: string): void {
    this.heard();
    this.mime = mime;
    if (!canPlay(mime)) {
      this.end(new UnsupportedMedia(mime));
    } else if (this.feed === undefined) {
      this.feed = new MediaFeed({ video: this.options.video, mime, onFault: (cause) => this.end(cause) });
      this.play();
    } else {
      this.feed.changeType(mime);
    }
  }

  private onMedia(bytes: Uint8Array<ArrayBuffer>): void {
    this.heard();
    this.feed?.append(bytes);
  }

  private heard(): void {
    this.heardAtMs = this.options.clock.uptimeMs();
  }

  private tick(): void {
    const { clock, video } = this.options;
    if (clock.uptimeMs() - this.heardAtMs > SILENCE_MS) this.end(new Error('nothing came'));
    const ranges = this.feed?.ranges ?? [];
    if (ranges.length === 0 || video.seeking) return;
    const { playbackRate, seekToSec } = this.edge.order({ atSec: video.currentTime, ranges });
    if (seekToSec !== undefined) video.currentTime = seekToSec;
    if (video.playbackRate !== playbackRate) video.playbackRate = playbackRate;
  }

  private play(): void {
    this.options.video.play().catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'NotAllowedError') this.options.onBlocked();
    });
  }

  private end(cause: unknown): void {
    if (this.ended || this.resources.disposed) return;
    this.ended = true;
    this.options.onEnded(cause);
  }
}
