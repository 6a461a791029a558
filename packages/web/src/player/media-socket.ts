import { MediaEnded } from './media-ended.ts';
import { TooSlow } from './stream-choice.ts';

/** RFC 6455 7.4.1 and its registry: try again later. */
const CLOSE_TOO_SLOW = 1013;

export interface MediaSocketOptions {
  readonly url: string;
  onMime(mime: string): void;
  onMedia(bytes: Uint8Array<ArrayBuffer>): void;
  /** The connection is over; called once. */
  onClosed(cause: unknown): void;
}

/** A WebSocket that brings a text frame `{"mime"}`, then fragmented MP4. Dispose to close. */
export class MediaSocket {
  private readonly options: MediaSocketOptions;
  private readonly socket: WebSocket;
  private closed = false;

  constructor(options: MediaSocketOptions) {
    this.options = options;
    this.socket = new WebSocket(options.url);
    this.socket.binaryType = 'arraybuffer';
    this.socket.addEventListener('message', ({ data }) => this.read(data));
    this.socket.addEventListener('close', ({ code, reason }) => {
      this.fail(code === CLOSE_TOO_SLOW ? new TooSlow(reason) : new MediaEnded(code, reason));
    });
  }

  [Symbol.dispose](): void {
    this.closed = true;
    this.socket.close();
  }

  private read(data: unknown): void {
    if (this.closed) return;
    if (data instanceof ArrayBuffer) {
      this.options.onMedia(new Uint8Array(data));
      return;
    }
    const mime = mimeIn(data);
    if (mime === undefined) this.fail(new TypeError('unreadable head'));
    else this.options.onMime(mime);
  }

  private fail(cause: unknown): void {
    if (this.closed) return;
    this[Symbol.dispose]();
    this.options.onClosed(cause);
  }
}

/** The type of media a text frame announces. */
export function mimeIn(data: unknown): string | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const head: unknown = JSON.parse(data);
    if (typeof head !== 'object' || head === null || !('mime' in head)) return undefined;
    return typeof head.mime === 'string' ? head.mime : undefined;
  } catch {
    return undefined;
  }
}
