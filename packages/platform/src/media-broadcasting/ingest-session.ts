import { AppError, type Clock, type Link, type Logger, type Timer } from '@cardea/core';
import { MediaError, parseFragment, parseInitSegment, type Track } from '@cardea/media';
import {
  closeCodes,
  decodeMediaFrame,
  decodeVmFrame,
  type FrameOf,
  type MediaFrame,
  type PushTarget,
  type StopReason,
  type startMediaBroadcasting,
  type VmFrame,
  vmTimers,
} from '@cardea/protocol';
import type { TokenClaims } from '../tokens/token-issuer.ts';
import type { EndReason, LiveStream, Publisher } from './live-stream.ts';
import type { MediaCounters } from './ports.ts';
import { PublisherFeed } from './publisher-feed.ts';

export interface IngestSessionOptions {
  readonly link: Link;
  /** What the bearer token of the connection allows. */
  readonly claims: TokenClaims['vm-publish'];
  readonly token: string;
  readonly stream: LiveStream;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: MediaCounters;
}

type VmStart = FrameOf<typeof startMediaBroadcasting>;

/**
 * One publisher on carrier `wss-fmp4`: VmStart, then the init segment and fragments, then VmStop (profile hss-open-1, B6).
 * Anything else ends it with an error frame. Its units go to the stream as they come; nothing is queued here.
 */
export class IngestSession implements Publisher {
  private readonly options: IngestSessionOptions;
  private readonly logger: Logger;
  private state: 'opening' | 'publishing' | 'over' = 'opening';
  private tracks: readonly Track[] = [];
  private nextSeq = 0;
  private opening: Timer | undefined;
  private readonly feed: PublisherFeed;

  constructor(options: IngestSessionOptions) {
    this.options = options;
    const { deviceId, sessionId } = options.claims;
    this.logger = options.logger.child({ deviceId, sessionId });
    this.feed = new PublisherFeed({ ...options, kind: options.claims.kind, publisher: this, onLate: (what) => this.onLate(what) });
  }

  start(): void {
    const { clock, link } = this.options;
    this.opening = clock.setTimer(vmTimers.publishTimeoutMs, () => this.refuse(new AppError('TIMEOUT')));
    link.open({
      onText: (text) => this.guard(() => this.onFrame(decodeVmFrame(text))),
      onBinary: (bytes) => this.guard(() => this.onMedia(bytes)),
      onClose: () => this.finish('lost'),
    });
  }

  stop(reason: StopReason): void {
    if (this.state === 'over') return;
    this.send({ type: 'stop', sessionId: this.options.claims.sessionId, reason });
    this.finish(reason);
    this.options.link.close(closeCodes.NORMAL.code, reason);
  }

  /** The device publishes there, then ends here with reason `reschedule`. */
  redirect({ url, token = '' }: Pick<PushTarget, 'url' | 'token'>): void {
    if (this.state === 'publishing') this.send({ type: 'redirect', sessionId: this.options.claims.sessionId, url, token });
  }

  /** What a publisher sends wrong ends its own session and nothing else. */
  private guard(receive: () => void): void {
    if (this.state === 'over') return;
    try {
      receive();
    } catch (error) {
      if (error instanceof MediaError) this.refuse(new AppError(error.code, undefined, { cause: error, message: error.message }));
      else if (error instanceof AppError) this.refuse(error);
      else throw error;
    }
  }

  private onFrame(frame: VmFrame | undefined): void {
    if (frame?.type === 'start' && this.state === 'opening') this.open(frame);
    else if (frame?.type === 'stop' && this.state === 'publishing') this.close(frame.reason);
    else throw new AppError('INVALID_REQUEST', undefined, { message: 'not a frame that may come now' });
  }

  private open(start: VmStart): void {
    const { claims, token } = this.options;
    const allowed =
      start.token === token &&
      start.kind === claims.kind &&
      start.sessionId === claims.sessionId &&
      start.deviceId === claims.deviceId &&
      start.channel === claims.channel &&
      // Which stream of a channel was recorded only the device knows.
      (start.kind === 'playback' || start.stream === claims.stream);
    if (!allowed) throw new AppError('FORBIDDEN');
    this.state = 'publishing';
    this.opening?.[Symbol.dispose]();
    this.feed.open(start.startAt);
    this.send({ type: 'started', sessionId: claims.sessionId, idleTimeoutSec: vmTimers.mediaSilenceMs / 1_000 });
    this.feed.expectKeyframe();
  }

  private close(reason: StopReason): void {
    this.logger.debug({ reason }, 'publisher stopped');
    this.finish(reason);
    this.options.link.close(closeCodes.NORMAL.code, reason);
  }

  private onMedia(bytes: Uint8Array): void {
    const frame = decodeMediaFrame(bytes);
    if (frame === undefined || this.state !== 'publishing') {
      throw new AppError('INVALID_REQUEST', undefined, { message: 'not a media frame that may come now' });
    }
    if (frame.seq !== this.nextSeq) {
      throw new AppError('INVALID_REQUEST', undefined, { message: `frame ${frame.seq} came where ${this.nextSeq} was due` });
    }
    this.nextSeq = (this.nextSeq + 1) >>> 0;
    this.feed.count(bytes.length);
    if (frame.kind === 'init') this.onInit(frame);
    else this.onFragment(frame);
  }

  private onInit({ payload }: MediaFrame): void {
    const tracks = parseInitSegment(payload);
    this.feed.begin(tracks);
    this.tracks = tracks;
  }

  private onFragment({ payload }: MediaFrame): void {
    if (this.tracks.length === 0) throw new AppError('INVALID_STATE', undefined, { message: 'a fragment came before any init segment' });
    this.feed.write(parseFragment(payload, this.tracks));
  }

  private onLate(what: string): void {
    this.logger.info({ what }, 'a publisher was late');
    this.stop('error');
  }

  private refuse(error: AppError): void {
    this.logger.info({ status: error.status, reason: error.message }, 'publisher refused');
    this.send({ type: 'error', code: error.code, message: error.message });
    this.finish('error');
    this.options.link.close(closeCodes.POLICY_VIOLATION.code, error.status);
  }

  private finish(reason: EndReason): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.opening?.[Symbol.dispose]();
    this.feed.close(reason);
  }

  private send(frame: VmFrame): void {
    this.options.link.sendText(JSON.stringify(frame));
  }
}
