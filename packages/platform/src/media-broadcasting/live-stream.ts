import type { AccessUnit, Track } from '@cardea/media';
import type { PushTarget, StopReason } from '@cardea/protocol';
import { Timeline } from './timeline.ts';

/** Why a publishing session ended. `lost`: its connection ended without a word. */
export type EndReason = StopReason | 'lost';

/** The session that feeds a stream. */
export interface Publisher {
  /** Ends the session from our side. */
  stop(reason: StopReason): void;
  /** Asks for a key frame; absent where the carrier has no way to. */
  requestKeyframe?(): void;
  /** Leads the device to another media server, where the session goes on (B6.2); absent where the carrier has no way to. */
  redirect?(target: Pick<PushTarget, 'url' | 'token'>): void;
}

/** Units that arrived together. A video key frame is always the first of its batch. */
export interface MediaBatch {
  readonly units: readonly AccessUnit[];
  readonly startsWithKeyframe: boolean;
}

/** Takes the media of a stream: a muxer, a recorder, a maker of snapshots. Called synchronously and never waited for. */
export interface MediaSink {
  /** All that follows belongs to these tracks. */
  onTracks(tracks: readonly Track[]): void;
  onBatch(batch: MediaBatch): void;
  /** It threw, and gets nothing any more: whoever watches by it is to come again. */
  onDropped?(): void;
}

/** Puts the units of publishers on the timeline that sinks see. */
export interface MediaTimeline {
  /** From now on units belong to these tracks; tick 0 of the publisher is `startAt`. */
  begin(tracks: readonly Track[], startAt: number): void;
  /** The unit with its times on the timeline; `undefined` when it has no place there. */
  place(unit: AccessUnit, options: { readonly isKeyframe: boolean }): AccessUnit | undefined;
}

export interface LiveStreamOptions {
  /** Default: one that never goes back. */
  readonly timeline?: MediaTimeline;
  /** A publisher is there and said what it sends; also when it changed its mind about that. */
  readonly onPublishing: () => void;
  /** The publisher is gone and no newer one took its place. */
  readonly onEnded: (reason: EndReason) => void;
  /** Pictures are left out until the next key frame. */
  readonly onTorn?: () => void;
  /** A sink threw `error` and was dropped; neither the publisher nor the other sinks notice. */
  readonly onSinkFailed: (error: unknown) => void;
}

const GOP_MAX_BYTES = 8 * 1024 * 1024;
const GOP_MAX_SEC = 10;

/**
 * The media of one device channel and stream, whoever publishes it: the newest publisher wins, its units go to every sink
 * on one timeline, and the group of pictures that is running is kept for those who come later.
 */
export class LiveStream {
  private readonly sinks = new Set<MediaSink>();
  private readonly timeline: MediaTimeline;
  private readonly options: LiveStreamOptions;
  private publisher: Publisher | undefined;
  private startAt = 0;
  private currentTracks: readonly Track[] = [];
  private video: Track | undefined;
  private started = false;
  /** A picture had no place on the timeline: those behind it miss it. */
  private torn = false;
  private currentGop: AccessUnit[] = [];
  private gopBytes = 0;
  private lastGopSec: number | undefined;

  constructor(options: LiveStreamOptions) {
    this.options = options;
    this.timeline = options.timeline ?? new Timeline();
  }

  /** Somebody publishes and said what. */
  get publishing(): boolean {
    return this.publisher !== undefined && this.currentTracks.length > 0;
  }

  get tracks(): readonly Track[] {
    return this.currentTracks;
  }

  /** From the last key frame until now; empty when none came yet or the group grew beyond 8 MiB or 10 s. */
  get gop(): readonly AccessUnit[] {
    return this.currentGop;
  }

  /** How long the group before the running one was, or the running one when it is longer already; `undefined` while nothing is known. */
  get gopSec(): number | undefined {
    const runningSec = this.runningSec();
    return runningSec === 0 && this.lastGopSec === undefined ? undefined : Math.max(runningSec, this.lastGopSec ?? 0);
  }

  /** Hands the media to `sink` from now on; the tracks, when known, at once. @throws what `sink` throws at them */
  attach(sink: MediaSink): Disposable {
    if (this.currentTracks.length > 0) sink.onTracks(this.currentTracks);
    this.sinks.add(sink);
    return { [Symbol.dispose]: () => void this.sinks.delete(sink) };
  }

  /** `publisher` feeds the stream from now on, counting its times from `startAt`; the one before is stopped. */
  open(publisher: Publisher, startAt = 0): void {
    const older = this.publisher;
    this.publisher = publisher;
    this.startAt = startAt;
    this.forget();
    older?.stop('replaced');
  }

  /** What the units of `publisher` belong to from now on. */
  begin(publisher: Publisher, tracks: readonly Track[]): void {
    if (publisher !== this.publisher) return;
    this.forget();
    this.currentTracks = tracks;
    this.video = tracks.find(({ kind }) => kind === 'video');
    this.timeline.begin(tracks, this.startAt);
    for (const sink of this.sinks) this.guard(sink, () => sink.onTracks(tracks));
    this.options.onPublishing();
  }

  /** Units before the first key frame are dropped, and pictures behind one that has no place: nobody could show them. */
  write(publisher: Publisher, units: readonly AccessUnit[]): void {
    if (publisher !== this.publisher) return;
    let batch: AccessUnit[] = [];
    let startsWithKeyframe = false;
    for (const unit of units) {
      const isKeyframe = unit.keyframe && unit.trackId === this.video?.id;
      if (!this.started && !isKeyframe) continue;
      this.started = true;
      const isPicture = unit.trackId === this.video?.id;
      if (isPicture && this.torn && !isKeyframe) continue;
      const placed = this.timeline.place(unit, { isKeyframe });
      if (isPicture) this.setTorn(placed === undefined);
      if (placed === undefined) continue;
      if (isKeyframe) {
        this.deliver({ units: batch, startsWithKeyframe });
        batch = [];
        startsWithKeyframe = true;
      }
      batch.push(placed);
    }
    this.deliver({ units: batch, startsWithKeyframe });
  }

  /** A publisher that was replaced before changes nothing. */
  close(publisher: Publisher, reason: EndReason): void {
    if (publisher !== this.publisher) return;
    this.publisher = undefined;
    this.forget();
    this.options.onEnded(reason);
  }

  /** Asks whoever publishes for a key frame; false when it cannot be asked. */
  requestKeyframe(): boolean {
    this.publisher?.requestKeyframe?.();
    return this.publisher?.requestKeyframe !== undefined;
  }

  /** Whether whoever publishes can be led to another media server. */
  get canRedirect(): boolean {
    return this.publisher?.redirect !== undefined;
  }

  /** Leads whoever publishes to `target`; it publishes here until it does there. */
  redirect(target: Pick<PushTarget, 'url' | 'token'>): void {
    this.publisher?.redirect?.(target);
  }

  /** Ends the session that feeds the stream, if there is one. */
  stop(reason: StopReason): void {
    this.publisher?.stop(reason);
  }

  private setTorn(torn: boolean): void {
    if (torn && !this.torn) this.options.onTorn?.();
    this.torn = torn;
  }

  private deliver(batch: MediaBatch): void {
    if (batch.units.length === 0) return;
    this.keep(batch);
    for (const sink of this.sinks) this.guard(sink, () => sink.onBatch(batch));
  }

  /** What a way to watch does wrong ends that way to watch and nothing else. */
  private guard(sink: MediaSink, hand: () => void): void {
    try {
      hand();
    } catch (error) {
      this.sinks.delete(sink);
      this.options.onSinkFailed(error);
      sink.onDropped?.();
    }
  }

  private keep({ units, startsWithKeyframe }: MediaBatch): void {
    if (startsWithKeyframe) {
      if (this.currentGop.length > 0) this.lastGopSec = this.runningSec();
      this.dropGop();
    } else if (this.currentGop.length === 0) return;
    for (const unit of units) {
      this.currentGop.push(unit);
      this.gopBytes += unit.data.length;
    }
    if (this.gopBytes > GOP_MAX_BYTES || this.runningSec() > GOP_MAX_SEC) this.dropGop();
  }

  private runningSec(): number {
    const first = this.currentGop[0];
    const last = this.currentGop.findLast(({ trackId }) => trackId === first?.trackId);
    return first === undefined || last === undefined || this.video === undefined ? 0 : (last.dts - first.dts) / this.video.timescale;
  }

  private dropGop(): void {
    this.currentGop = [];
    this.gopBytes = 0;
  }

  private forget(): void {
    this.currentTracks = [];
    this.video = undefined;
    this.started = false;
    this.torn = false;
    this.dropGop();
  }
}
