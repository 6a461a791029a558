import { type Clock, withDeadline } from '@cardea/core';
import { type AccessUnit, Fmp4Muxer } from '@cardea/media';
import { type StopReason, vmTimers } from '@cardea/protocol';
import type { MediaReceiver, MediaRun } from '../camera.ts';
import type { StreamReader } from '../stream-reader.ts';
import { MediaSession, type MediaSessionOptions } from './media-session.ts';
import { PushTimeline, sameTracks } from './push-timeline.ts';
import { SendQueue } from './send-queue.ts';

export interface PushConnectionOptions extends Omit<MediaSessionOptions, 'onEnd'> {
  readonly reader: StreamReader;
  readonly withAudio: boolean;
  readonly clock: Clock;
}

/**
 * Live video over one media session: the newest kept key frame and everything after it, one fragment per frame. Tick 0 of
 * what is sent is `startAt` of the start frame.
 */
export class PushConnection implements MediaReceiver {
  private readonly options: PushConnectionOptions;
  private readonly session: MediaSession;
  private readonly queue = new SendQueue();
  private attachment: Disposable | undefined;
  private muxer: Fmp4Muxer | undefined;
  private timeline: PushTimeline | undefined;
  private originMs: number;
  private fragmentSequence = 0;

  constructor(options: PushConnectionOptions) {
    this.options = options;
    this.originMs = options.clock.monotonicMs();
    this.session = new MediaSession({ ...options, onEnd: () => this.detach() });
  }

  /** Pictures left out because the network was too slow. */
  get skippedCount(): number {
    return this.queue.skippedCount;
  }

  /** Resolves when the media server has accepted the session. @throws AppError PUSH_REJECTED | PUSH_CONNECT_FAILED | TIMEOUT (also without pictures) */
  async open(signal: AbortSignal): Promise<void> {
    const { clock, reader } = this.options;
    await withDeadline(clock, vmTimers.firstKeyframeMs, () => reader.pictures(), { signal });
    this.originMs = reader.newestKeyframeMs() ?? clock.monotonicMs();
    await this.session.open(Math.round(clock.now() + this.originMs - clock.monotonicMs()), signal);
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
    this.session.stop(reason);
  }

  begin(run: MediaRun): void {
    const tracks = run.tracks.filter((track) => track.kind === 'video' || this.options.withAudio);
    this.timeline = new PushTimeline({ tracks, offsetMs: run.startMonotonicMs - this.originMs }, this.timeline);
    if (this.muxer !== undefined && sameTracks(this.muxer.tracks, tracks)) return;
    this.muxer = new Fmp4Muxer(tracks);
    this.session.send('init', this.muxer.initSegment(), { key: false, track: 0 });
  }

  unit(unit: AccessUnit): void {
    const placed = this.timeline?.place(unit);
    if (placed === undefined || this.timeline === undefined) return;
    const isKey = placed.keyframe && this.timeline.isVideo(placed);
    if (this.queue.admits({ keyframe: isKey }, this.session.bufferedBytes)) this.sendUnit(placed);
  }

  private sendUnit(unit: AccessUnit): void {
    if (this.muxer === undefined || this.timeline === undefined) return;
    this.fragmentSequence += 1;
    const key = unit.keyframe && this.timeline.isVideo(unit);
    const sizeBytes = this.session.send('fragment', this.muxer.fragment([unit], this.fragmentSequence), { key, track: unit.trackId });
    this.queue.sent(sizeBytes, this.timeline.timeMsOf(unit));
  }

  private detach(): void {
    this.attachment?.[Symbol.dispose]();
    this.attachment = undefined;
  }
}
