import { AppError, type Clock, type Link, withDeadline } from '@cardea/core';
import { type AccessUnit, Fmp4Muxer } from '@cardea/media';
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
import type { MediaReceiver, MediaRun } from '../camera.ts';
import type { StreamReader } from '../stream-reader.ts';
import { PushTimeline, sameTracks } from './push-timeline.ts';
import { SendQueue } from './send-queue.ts';

export type StartFrame = FrameOf<typeof startMediaBroadcasting>;

/** How the other end, or the network, ended or moved a push. */
export type PushSignal =
  | { readonly kind: 'lost' }
  | { readonly kind: 'stopped'; readonly reason: StopReason }
  | { readonly kind: 'failed'; readonly error: AppError }
  | { readonly kind: 'redirect'; readonly url: string; readonly token: string };

export interface PushConnectionOptions {
  readonly link: Link;
  readonly start: Omit<StartFrame, 'type' | 'startAt'>;
  readonly reader: StreamReader;
  readonly withAudio: boolean;
  readonly onSignal: (signal: PushSignal) => void;
  readonly clock: Clock;
}

/**
 * One media session on carrier `wss-fmp4`: start, then the newest kept key frame and everything after it, one fragment per
 * frame, then stop. Tick 0 of what is sent is `startAt` of the start frame.
 * @see H.627.2 9.3.3.2 (titles only); profile hss-open-1 B6, clarification M12
 */
export class PushConnection implements MediaReceiver {
  private readonly options: PushConnectionOptions;
  private readonly queue = new SendQueue();
  private readonly started = Promise.withResolvers<void>();
  private attachment: Disposable | undefined;
  private muxer: Fmp4Muxer | undefined;
  private timeline: PushTimeline | undefined;
  private originMs: number;
  private seq = 0;
  private fragmentSequence = 0;
  private closed = false;

  constructor(options: PushConnectionOptions) {
    this.options = options;
    this.originMs = options.clock.monotonicMs();
    // The failure of a start that nobody waits for any more is not news.
    this.started.promise.catch(() => {});
  }

  /** Pictures left out because the network was too slow. */
  get skippedCount(): number {
    return this.queue.skippedCount;
  }

  /** Resolves when the media server has accepted the session. @throws AppError PUSH_REJECTED | PUSH_CONNECT_FAILED | TIMEOUT (also without pictures) */
  async open(signal: AbortSignal): Promise<void> {
    const { link, clock, start, reader } = this.options;
    link.open({
      onText: (text) => this.receive(text),
      onBinary: () => {},
      onClose: () => this.lose(),
    });
    await withDeadline(clock, vmTimers.firstKeyframeMs, () => reader.pictures(), { signal });
    this.originMs = reader.newestKeyframeMs() ?? clock.monotonicMs();
    const startAt = Math.round(clock.now() + this.originMs - clock.monotonicMs());
    link.sendText(JSON.stringify({ type: startMediaBroadcasting.type, ...start, startAt } satisfies StartFrame));
    await withDeadline(clock, vmTimers.publishTimeoutMs, () => this.started.promise, { signal });
  }

  /** Starts to send. */
  publish(): void {
    this.attachment = this.options.reader.attach(this);
  }

  /** Sends a key frame now, out of the pictures at hand (see `PushTimeline.squeeze`). */
  repeatKeyframe(): void {
    const units = this.options.reader.newestGroup().filter((unit) => this.timeline?.isVideo(unit));
    for (const unit of this.timeline?.squeeze(units) ?? []) this.sendUnit(unit);
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

  begin(run: MediaRun): void {
    const tracks = run.tracks.filter((track) => track.kind === 'video' || this.options.withAudio);
    this.timeline = new PushTimeline({ tracks, offsetMs: run.startMonotonicMs - this.originMs }, this.timeline);
    if (this.muxer !== undefined && sameTracks(this.muxer.tracks, tracks)) return;
    this.muxer = new Fmp4Muxer(tracks);
    this.send('init', this.muxer.initSegment(), { key: false, track: 0 });
  }

  unit(unit: AccessUnit): void {
    const placed = this.timeline?.place(unit);
    if (placed === undefined || this.timeline === undefined) return;
    const isKey = placed.keyframe && this.timeline.isVideo(placed);
    if (this.queue.admits({ keyframe: isKey }, this.options.link.bufferedBytes)) this.sendUnit(placed);
  }

  private sendUnit(unit: AccessUnit): void {
    if (this.muxer === undefined || this.timeline === undefined) return;
    this.fragmentSequence += 1;
    const key = unit.keyframe && this.timeline.isVideo(unit);
    const sizeBytes = this.send('fragment', this.muxer.fragment([unit], this.fragmentSequence), { key, track: unit.trackId });
    this.queue.sent(sizeBytes, this.timeline.timeMsOf(unit));
  }

  private send(kind: MediaFrameKind, payload: Uint8Array, { key, track }: { readonly key: boolean; readonly track: number }): number {
    const bytes = encodeMediaFrame({ kind, key, track, seq: this.seq, payload });
    this.seq = (this.seq + 1) >>> 0;
    this.options.link.sendBinary(bytes);
    return bytes.length;
  }

  private receive(text: string): void {
    const frame = decodeVmFrame(text);
    switch (frame?.type) {
      case 'started':
        this.started.resolve();
        break;
      case 'error': {
        const error = new AppError('PUSH_REJECTED', { code: frame.code, name: statusNameOf(frame.code) }, { remote: frame });
        this.started.reject(error);
        this.options.onSignal({ kind: 'failed', error });
        break;
      }
      case 'stop':
        this.started.reject(new AppError('PUSH_REJECTED', { reason: frame.reason }));
        this.options.onSignal({ kind: 'stopped', reason: frame.reason });
        this.end();
        this.options.link.close(closeCodes.NORMAL.code, frame.reason);
        break;
      case 'redirect':
        this.options.onSignal({ kind: 'redirect', url: frame.url, token: frame.token });
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
    this.closed = true;
    this.attachment?.[Symbol.dispose]();
    this.attachment = undefined;
  }
}
