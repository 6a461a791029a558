import { AppError, type Clock, type Link, withDeadline } from '@cardea/core';
import {
  closeCodes,
  decodeVmFrame,
  encodeMediaFrame,
  type FrameOf,
  type MediaFrameKind,
  type StopReason,
  startMediaBroadcasting,
  statusNameOf,
  stopMediaService,
  vmTimers,
} from '@cardea/protocol';

export type StartFrame = FrameOf<typeof startMediaBroadcasting>;

/** How the other end, or the network, ended or moved a push. */
export type PushSignal =
  | { readonly kind: 'lost' }
  | { readonly kind: 'stopped'; readonly reason: StopReason }
  | { readonly kind: 'failed'; readonly error: AppError }
  | { readonly kind: 'redirect'; readonly url: string; readonly token: string };

export interface MediaSessionOptions {
  readonly link: Link;
  readonly start: Omit<StartFrame, 'type' | 'startAt'>;
  readonly onSignal: (signal: PushSignal) => void;
  /** Nothing can be sent any more; called once. */
  readonly onEnd: () => void;
  readonly clock: Clock;
}

/**
 * One media session on carrier `wss-fmp4`, live or recorded: the start frame and its answer, numbered media frames, and
 * how it ends.
 * @see H.627.2 9.3.3.2 (titles only); profile hss-open-1 B6, clarification M12
 */
export class MediaSession {
  private readonly options: MediaSessionOptions;
  private readonly started = Promise.withResolvers<void>();
  private seq = 0;
  private sent = 0;
  private closed = false;

  constructor(options: MediaSessionOptions) {
    this.options = options;
    // The failure of a start that nobody waits for any more is not news.
    this.started.promise.catch(() => {});
    options.link.open({
      onText: (text) => this.receive(text),
      onBinary: () => {},
      onClose: () => this.lose(),
    });
  }

  get bufferedBytes(): number {
    return this.options.link.bufferedBytes;
  }

  get bytesSent(): number {
    return this.sent;
  }

  /** Resolves when the media server has accepted the session. @throws AppError PUSH_REJECTED | PUSH_CONNECT_FAILED | TIMEOUT */
  async open(startAt: number, signal: AbortSignal): Promise<void> {
    const { link, clock, start } = this.options;
    link.sendText(JSON.stringify({ type: startMediaBroadcasting.type, ...start, startAt } satisfies StartFrame));
    await withDeadline(clock, vmTimers.publishTimeoutMs, () => this.started.promise, { signal });
  }

  /** Sends one media frame; returns its size. */
  send(kind: MediaFrameKind, payload: Uint8Array, { key, track }: { readonly key: boolean; readonly track: number }): number {
    const bytes = encodeMediaFrame({ kind, key, track, seq: this.seq, payload });
    this.seq = (this.seq + 1) >>> 0;
    this.sent += bytes.length;
    this.options.link.sendBinary(bytes);
    return bytes.length;
  }

  stop(reason: StopReason): void {
    if (this.closed) return;
    const { link, start } = this.options;
    link.sendText(
      JSON.stringify({ type: stopMediaService.type, sessionId: start.sessionId, reason } satisfies FrameOf<typeof stopMediaService>),
    );
    this.end();
    link.close(closeCodes.NORMAL.code, reason);
  }

  private receive(text: string): void {
    const { onSignal, link } = this.options;
    const frame = decodeVmFrame(text);
    switch (frame?.type) {
      case 'started':
        this.started.resolve();
        break;
      case 'error': {
        const error = new AppError('PUSH_REJECTED', { code: frame.code, name: statusNameOf(frame.code) }, { remote: frame });
        this.started.reject(error);
        onSignal({ kind: 'failed', error });
        break;
      }
      case 'stop':
        this.started.reject(new AppError('PUSH_REJECTED', { reason: frame.reason }));
        onSignal({ kind: 'stopped', reason: frame.reason });
        this.end();
        link.close(closeCodes.NORMAL.code, frame.reason);
        break;
      case 'redirect':
        onSignal({ kind: 'redirect', url: frame.url, token: frame.token });
        break;
      default:
        // Neither side's first version knows every frame of the next.
        break;
    }
  }

  private lose(): void {
    this.started.reject(new AppError('PUSH_CONNECT_FAILED'));
    if (!this.closed) this.options.onSignal({ kind: 'lost' });
    this.end();
  }

  private end(): void {
    if (this.closed) return;
    this.closed = true;
    this.options.onEnd();
  }
}
