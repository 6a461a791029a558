import { AppError, type Clock, type Timer } from '@cardea/core';
import type { AccessUnit, Track } from '@cardea/media';
import { vmTimers } from '@cardea/protocol';
import type { EndReason, LiveStream, Publisher } from './live-stream.ts';
import type { MediaCounters } from './ports.ts';

export interface PublisherFeedOptions {
  readonly publisher: Publisher;
  readonly stream: LiveStream;
  /** A recording may be paused, so its silence is no fault: whoever plays it ends it. */
  readonly kind: 'live' | 'playback';
  readonly clock: Clock;
  readonly counters: MediaCounters;
  /** No key frame came in time, or no media any more. */
  readonly onLate: (what: 'no key frame' | 'silence') => void;
}

/** What one publisher does with its stream, on whichever carrier, and how long it may be late (profile hss-open-1, B6). */
export class PublisherFeed {
  private readonly options: PublisherFeedOptions;
  private tracks: readonly Track[] = [];
  private keyframeSeen = false;
  private deadline: Timer | undefined;
  private mediaAtMs = 0;

  constructor(options: PublisherFeedOptions) {
    this.options = options;
  }

  /** The publisher takes the stream over, counting its times from `startAt`. */
  open(startAt?: number): void {
    const { publisher, stream } = this.options;
    stream.open(publisher, startAt);
  }

  /** From now on a key frame is due. */
  expectKeyframe(): void {
    this.expect(vmTimers.firstKeyframeMs, () => this.options.onLate('no key frame'));
  }

  /** Bytes came from the publisher. */
  count(sizeBytes: number): void {
    const { clock, counters } = this.options;
    counters.bytesIn += sizeBytes;
    this.mediaAtMs = clock.monotonicMs();
  }

  /** @throws AppError CODEC_UNSUPPORTED when there is nothing to see */
  begin(tracks: readonly Track[]): void {
    const { publisher, stream } = this.options;
    if (!tracks.some(({ kind }) => kind === 'video')) throw new AppError('CODEC_UNSUPPORTED');
    this.tracks = tracks;
    stream.begin(publisher, tracks);
  }

  write(units: readonly AccessUnit[]): void {
    const { kind, publisher, stream } = this.options;
    stream.write(publisher, units);
    if (this.keyframeSeen || !units.some((unit) => unit.keyframe && this.isVideo(unit.trackId))) return;
    this.keyframeSeen = true;
    if (kind === 'playback') this.deadline?.[Symbol.dispose]();
    else this.watchSilence();
  }

  /** The publisher is gone, or was told to go. */
  close(reason: EndReason): void {
    const { publisher, stream } = this.options;
    this.deadline?.[Symbol.dispose]();
    stream.close(publisher, reason);
  }

  private isVideo(trackId: number): boolean {
    return this.tracks.some(({ id, kind }) => id === trackId && kind === 'video');
  }

  /** One timer that looks when the last media came is cheaper than one timer per frame. */
  private watchSilence(): void {
    const silentMs = this.options.clock.monotonicMs() - this.mediaAtMs;
    if (silentMs < vmTimers.mediaSilenceMs) this.expect(vmTimers.mediaSilenceMs - silentMs, () => this.watchSilence());
    else this.options.onLate('silence');
  }

  private expect(withinMs: number, onMissed: () => void): void {
    this.deadline?.[Symbol.dispose]();
    this.deadline = this.options.clock.setTimer(withinMs, onMissed);
  }
}
