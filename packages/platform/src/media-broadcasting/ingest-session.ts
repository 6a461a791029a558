import { AppError, type Clock, type Link, type Logger, type Timer } from '@cardea/core';
import { MediaError, parseFragment, parseInitSegment, type Track } from '@cardea/media';
import {
  decodeMediaFrame,
  decodeVmFrame,
  type FrameOf,
  type MediaFrame,
  type StopReason,
  type startMediaBroadcasting,
  type VmFrame,
  vmTimers,
} from '@cardea/protocol';
import type { TokenClaims } from '../tokens/token-issuer.ts';
import type { EndReason, LiveStream, Publisher } from './live-stream.ts';
import type { MediaCounters } from './ports.ts';

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

const CLOSE_NORMAL = 1000;
/** RFC 6455 7.4.1, policy violation; the error frame before it says which. */
const CLOSE_REFUSED = 1008;

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
  private keyframeSeen = false;
  private deadline: Timer | undefined;
  private mediaAtMs = 0;

  constructor(options: IngestSessionOptions) {
    this.options = options;
    const { deviceId, sessionId } = options.claims;
    this.logger = options.logger.child({ deviceId, sessionId });
  }

  start(): void {
    this.expect(vmTimers.publishTimeoutMs, () => this.refuse(new AppError('TIMEOUT')));
    this.options.link.open({
      onText: (text) => this.guard(() => this.onFrame(decodeVmFrame(text))),
      onBinary: (bytes) => this.guard(() => this.onMedia(bytes)),
      onClose: () => this.finish('lost'),
    });
  }

  stop(reason: StopReason): void {
    if (this.state === 'over') return;
    this.send({ type: 'stop', sessionId: this.options.claims.sessionId, reason });
    this.finish(reason);
    this.options.link.close(CLOSE_NORMAL, reason);
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
    const { claims, stream, token } = this.options;
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
    stream.open(this, start.startAt);
    this.send({ type: 'started', sessionId: claims.sessionId, idleTimeoutSec: vmTimers.mediaSilenceMs / 1_000 });
    this.expect(vmTimers.firstKeyframeMs, () => this.onNoKeyframe());
  }

  private close(reason: StopReason): void {
    this.logger.debug({ reason }, 'publisher stopped');
    this.finish(reason);
    this.options.link.close(CLOSE_NORMAL, reason);
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
    this.options.counters.bytesIn += bytes.length;
    this.mediaAtMs = this.options.clock.monotonicMs();
    if (frame.kind === 'init') this.onInit(frame);
    else this.onFragment(frame);
  }

  private onInit({ payload }: MediaFrame): void {
    const tracks = parseInitSegment(payload);
    if (!tracks.some(({ kind }) => kind === 'video')) throw new AppError('CODEC_UNSUPPORTED');
    this.tracks = tracks;
    this.options.stream.begin(this, tracks);
  }

  private onFragment({ payload }: MediaFrame): void {
    if (this.tracks.length === 0) throw new AppError('INVALID_STATE', undefined, { message: 'a fragment came before any init segment' });
    const units = parseFragment(payload, this.tracks);
    this.options.stream.write(this, units);
    if (this.keyframeSeen || !units.some((unit) => unit.keyframe && this.isVideo(unit.trackId))) return;
    this.keyframeSeen = true;
    // A recording may be paused; whoever plays it ends it.
    if (this.options.claims.kind === 'playback') this.deadline?.[Symbol.dispose]();
    else this.watchSilence();
  }

  private isVideo(trackId: number): boolean {
    return this.tracks.some(({ id, kind }) => id === trackId && kind === 'video');
  }

  private onNoKeyframe(): void {
    this.logger.info({}, 'publisher sent no key frame in time');
    this.stop('error');
  }

  /** One timer that looks when the last media came is cheaper than one timer per frame. */
  private watchSilence(): void {
    const silentMs = this.options.clock.monotonicMs() - this.mediaAtMs;
    if (silentMs < vmTimers.mediaSilenceMs) {
      this.expect(vmTimers.mediaSilenceMs - silentMs, () => this.watchSilence());
    } else {
      this.logger.info({}, 'publisher fell silent');
      this.stop('error');
    }
  }

  private refuse(error: AppError): void {
    this.logger.info({ status: error.status, reason: error.message }, 'publisher refused');
    this.send({ type: 'error', code: error.code, message: error.message });
    this.finish('error');
    this.options.link.close(CLOSE_REFUSED, error.status);
  }

  private finish(reason: EndReason): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.deadline?.[Symbol.dispose]();
    this.options.stream.close(this, reason);
  }

  private expect(withinMs: number, onMissed: () => void): void {
    this.deadline?.[Symbol.dispose]();
    this.deadline = this.options.clock.setTimer(withinMs, onMissed);
  }

  private send(frame: VmFrame): void {
    this.options.link.sendText(JSON.stringify(frame));
  }
}
