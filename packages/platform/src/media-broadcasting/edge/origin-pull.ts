import { AppError, type Clock, type Logger } from '@cardea/core';
import { parseFragment, parseInitSegment, type Track } from '@cardea/media';
import { closeCodes } from '@cardea/protocol';
import { WebSocket } from 'ws';
import type { LiveStream, Publisher } from '../live-stream.ts';
import type { MediaCounters } from '../ports.ts';
import { PublisherFeed } from '../publisher-feed.ts';

export interface OriginPullOptions {
  readonly stream: LiveStream;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: MediaCounters;
  /** PEM of the authority to trust instead of those this machine does. */
  readonly authority: string | undefined;
  /** The connection, which was open, is over; called once, not after `stop`. */
  readonly onLost: () => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** A newcomer gets the whole group of pictures that is kept in one message. */
const MESSAGE_MAX_BYTES = 16 * 1024 * 1024;
const CONFLICT = 409;
const INIT = 0x66747970; // ftyp

/** Brings a stream from another process of the platform, as a viewer there and a publisher here. */
export class OriginPull implements Publisher {
  private readonly options: OriginPullOptions;
  private readonly feed: PublisherFeed;
  private socket: WebSocket | undefined;
  private isOpen = false;
  private tracks: readonly Track[] = [];

  constructor(options: OriginPullOptions) {
    this.options = options;
    this.feed = new PublisherFeed({ ...options, kind: 'live', publisher: this, onLate: () => this.socket?.terminate() });
  }

  /**
   * Resolves when the other process lets this one watch.
   * @throws AppError DEVICE_OFFLINE when it has no media to give | PUSH_CONNECT_FAILED when it cannot be reached
   */
  async start(url: string): Promise<void> {
    const { authority } = this.options;
    const socket = new WebSocket(url, {
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      maxPayload: MESSAGE_MAX_BYTES,
      perMessageDeflate: false,
      ...(authority !== undefined && { ca: authority }),
    });
    this.socket = socket;
    socket.on('message', (data, isBinary) => {
      if (isBinary && data instanceof Buffer) this.onMedia(data);
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // The first messages may come with the answer to the upgrade.
    socket.once('open', () => {
      if (this.socket === undefined) return socket.close(closeCodes.NORMAL.code);
      this.isOpen = true;
      this.feed.open();
      this.feed.expectKeyframe();
      resolve();
    });
    socket.once('unexpected-response', (request, { statusCode }) => {
      request.destroy();
      reject(new AppError(statusCode === CONFLICT ? 'DEVICE_OFFLINE' : 'PUSH_CONNECT_FAILED'));
    });
    socket.on('error', (cause) => reject(new AppError('PUSH_CONNECT_FAILED', undefined, { cause })));
    socket.once('close', (code) => this.onClosed(code));
    await promise;
  }

  /** @see Publisher: another publisher took the stream, or nobody wants it any more */
  stop(): void {
    const { socket } = this;
    this.socket = undefined;
    this.feed.close('command');
    socket?.close(closeCodes.NORMAL.code);
  }

  private onMedia(bytes: Buffer): void {
    if (this.socket === undefined) return;
    this.feed.count(bytes.length);
    try {
      if (bytes.length > 8 && bytes.readUInt32BE(4) === INIT) {
        this.tracks = parseInitSegment(bytes);
        this.feed.begin(this.tracks);
      } else this.feed.write(parseFragment(bytes, this.tracks));
    } catch (error) {
      this.options.logger.warn({ err: error }, 'another process of the platform sent unreadable media');
      this.socket.terminate();
    }
  }

  private onClosed(code: number): void {
    if (this.socket === undefined || !this.isOpen) return;
    this.socket = undefined;
    this.options.logger.info({ code }, 'the process a stream was pulled from is gone, or has no media any more');
    this.feed.close('lost');
    this.options.onLost();
  }
}
