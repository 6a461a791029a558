import { AppError, type Logger, sleep } from '@cardea/core';
import { type PushTarget, type StopReason, subprotocols, vmTimers } from '@cardea/protocol';
import type { SocketConnector } from '../net/socket-connector.ts';
import type { PushSignal } from './media-session.ts';
import { PushConnection, type PushConnectionOptions } from './push-connection.ts';

export type PushState = 'connecting' | 'publishing';

/** How a push ended: by a reason of the stop frame, or with an error. */
export interface PushEnd {
  readonly reason: StopReason;
  readonly error?: AppError;
}

export interface MediaPusherOptions extends Omit<PushConnectionOptions, 'link' | 'start' | 'onSignal'> {
  readonly start: Omit<PushConnectionOptions['start'], 'token'>;
  readonly target: PushTarget;
  readonly connect: SocketConnector;
  readonly logger: Logger;
  readonly onState: (state: PushState) => void;
}

/** A push that stayed up so long earns its retries anew. */
const STABLE_MS = 30_000;
const MAX_TEXT_BYTES = vmTimers.maxTextFrameBytes;

/**
 * Keeps one media session published: connects, retries after a loss, follows a redirect with both connections open, and
 * ends when it is stopped, refused, or out of retries (B6 timers, C5 steps 3 and 6).
 */
export class MediaPusher {
  private readonly options: MediaPusherOptions;
  private readonly stopping = new AbortController();
  private target: PushTarget;
  private connection: PushConnection | undefined;
  private readonly inbox: Mail[] = [];
  private wake: () => void = () => {};
  private present: PushState = 'connecting';

  constructor(options: MediaPusherOptions) {
    this.options = options;
    this.target = options.target;
  }

  get state(): PushState {
    return this.present;
  }

  /** Another target for the same session. A new token alone is used at the next connection; a new address at once. */
  retarget(target: PushTarget): void {
    const moves = target.url !== this.target.url;
    this.target = target;
    if (moves) this.post({ from: this.connection, news: { kind: 'moved' } });
  }

  repeatKeyframe(): void {
    this.connection?.repeatKeyframe();
  }

  /** Makes `run` resolve with `reason`. */
  stop(reason: StopReason): void {
    this.stopping.abort(reason);
    this.wake();
  }

  /** Publishes until it is over, and says why. Never rejects. */
  async run(): Promise<PushEnd> {
    const { signal } = this.stopping;
    // The camera gets going while the connection is made.
    using _hold = this.options.reader.hold(0);
    try {
      return await this.publish(signal);
    } catch (error) {
      if (signal.aborted) return { reason: this.stopReason() };
      const failure = AppError.from(error);
      return { reason: 'error', error: failure };
    } finally {
      this.connection?.stop(signal.aborted ? this.stopReason() : 'error');
      this.connection = undefined;
    }
  }

  private async publish(signal: AbortSignal): Promise<PushEnd> {
    let failures = 0;
    while (true) {
      let openedMs: number | undefined;
      try {
        await this.switchTo(this.target, signal);
        openedMs = this.options.clock.monotonicMs();
        const end = await this.watch(signal);
        if (end !== undefined) return end;
        if (this.options.clock.monotonicMs() - openedMs >= STABLE_MS) failures = 0;
      } catch (error) {
        if (signal.aborted || isRefusal(error)) throw error;
        this.options.logger.warn({ err: error, failures }, 'the media server was not reached');
      }
      this.change('connecting');
      const waitMs = vmTimers.retryDelaysMs[failures];
      if (waitMs === undefined) throw new AppError('PUSH_CONNECT_FAILED');
      failures += 1;
      await sleep(this.options.clock, waitMs, { signal });
    }
  }

  /** Opens the target beside the present connection, starts there with a key frame, and only then leaves the present one. */
  private async switchTo(target: PushTarget, signal: AbortSignal): Promise<void> {
    const { connect, clock, start, reader, withAudio } = this.options;
    const token = target.token ?? '';
    const link = await connect(
      {
        url: target.url,
        subprotocol: subprotocols.vm,
        bearer: token,
        timeoutMs: vmTimers.connectTimeoutMs,
        maxMessageBytes: MAX_TEXT_BYTES,
      },
      { signal },
    );
    const connection = new PushConnection({
      link,
      start: { ...start, token },
      reader,
      withAudio,
      onSignal: (news) => this.post({ from: connection, news }),
      clock,
    });
    try {
      await connection.open(signal);
    } catch (error) {
      connection.stop('error');
      throw error;
    }
    connection.publish();
    this.connection?.stop('reschedule');
    this.connection = connection;
    this.change('publishing');
  }

  /** Follows the connection. `undefined` when it was lost and may be tried again. */
  private async watch(signal: AbortSignal): Promise<PushEnd | undefined> {
    while (true) {
      const { from, news } = await this.nextMail(signal);
      // What an abandoned connection still says does not matter.
      if (from !== this.connection) continue;
      switch (news.kind) {
        case 'stopped':
          return { reason: news.reason };
        case 'failed':
          return { reason: 'error', error: news.error };
        case 'redirect':
          await this.follow({ ...this.target, url: news.url, token: news.token }, signal);
          break;
        case 'moved':
          await this.follow(this.target, signal);
          break;
        default:
          this.connection = undefined;
          return undefined;
      }
    }
  }

  private post(mail: Mail): void {
    this.inbox.push(mail);
    this.wake();
  }

  private async nextMail(signal: AbortSignal): Promise<Mail> {
    while (!signal.aborted) {
      const mail = this.inbox.shift();
      if (mail !== undefined) return mail;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    throw new AppError('CANCELLED');
  }

  /** A move that fails leaves the present connection as it is. */
  private async follow(target: PushTarget, signal: AbortSignal): Promise<void> {
    try {
      await this.switchTo(target, signal);
      this.target = target;
    } catch (error) {
      if (signal.aborted) throw error;
      this.options.logger.warn({ err: error }, 'the other media server was not reached; the present one is kept');
    }
  }

  private change(state: PushState): void {
    if (this.present === state) return;
    this.present = state;
    this.options.onState(state);
  }

  private stopReason(): StopReason {
    const reason: StopReason | undefined = this.stopping.signal.reason;
    return reason ?? 'command';
  }
}

interface Mail {
  readonly from: PushConnection | undefined;
  readonly news: PushSignal | { readonly kind: 'moved' };
}

/** The media server does not want this publish: trying again brings the same answer. */
function isRefusal(error: unknown): boolean {
  return error instanceof AppError && (error.status === 'PUSH_REJECTED' || error.details?.httpStatus !== undefined);
}
