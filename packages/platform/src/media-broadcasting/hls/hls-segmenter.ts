import type { Clock } from '@cardea/core';
import { type AccessUnit, Fmp4Muxer, type Track, type VideoTrack } from '@cardea/media';
import { carries, leftOutOf } from '../carried-by.ts';
import { answerHead, MEDIA_TYPE } from '../http-answer.ts';
import type { MediaBatch, MediaSink } from '../live-stream.ts';
import type { HlsWindow, LivePart } from './hls-window.ts';

export interface HlsSegmenterOptions {
  readonly window: HlsWindow;
  readonly clock: Clock;
  /** A part was added to the window, or the segment that grew is whole. */
  readonly onChange: () => void;
  /** It gets no pictures any more. */
  readonly onDropped: () => void;
}

/** Aim of a part; three of them are what players stay behind, and each costs every player two requests. */
const PART_SEC = 0.28;
/**
 * How much longer than the aim a part may become, because the camera does not keep step or a segment comes out in fewer parts. Players
 * take no part that is shorter than 85 % of the longest (RFC 8216bis 4.4.4.9).
 */
const PART_SLACK = 1.15;
const SHORTEST_PICTURE_SEC = 1 / 240;
const LONGEST_PICTURE_SEC = 2;
/** A segment may be this much longer than the target, which is compared with it rounded. */
const ROUNDING_SEC = 0.45;
/** Pictures that come earlier or later than this much against the clock so far set it anew. */
const CLOCK_DRIFT_MS = 500;

/**
 * Cuts a stream into segments that begin with a key frame where they can, and these into parts of about a quarter of a
 * second. Sound that HLS players cannot read is left out.
 */
export class HlsSegmenter implements MediaSink {
  private readonly options: HlsSegmenterOptions;
  private muxer: Fmp4Muxer | undefined;
  private video: VideoTrack | undefined;
  private readable = new Set<number>();
  private sequence = 0;
  private pending: AccessUnit[] = [];
  private pictures: AccessUnit[] = [];
  private segmentSec = 0;
  /** In the parts of the segment that grows, and in the segment before. */
  private segmentPictures = 0;
  private picturesBefore = 0;
  private isFirstSegment = true;
  private startsWithKeyframe = true;
  private picturesPerPart: number | undefined;
  private partLimitSec = PART_SEC;
  /** Unix milliseconds of tick 0 of the stream. */
  private epochMs: number | undefined;

  constructor(options: HlsSegmenterOptions) {
    this.options = options;
  }

  onTracks(tracks: readonly Track[]): void {
    this.closeSegment();
    this.pending = [];
    this.epochMs = undefined;
    this.picturesPerPart = undefined;
    const readable = tracks.filter((track) => carries('hls', track));
    this.readable = new Set(readable.map(({ id }) => id));
    this.video = readable.find((track) => track.kind === 'video');
    this.muxer = new Fmp4Muxer(readable);
    this.options.window.changeInit(this.muxer.initSegment(), leftOutOf('hls', tracks));
  }

  onBatch({ units }: MediaBatch): void {
    this.followClock(units);
    for (const unit of units) {
      if (unit.trackId === this.video?.id) this.addPicture(unit, this.video.timescale);
      else if (this.readable.has(unit.trackId)) this.pending.push(unit);
    }
    // Players want to see a whole segment before they begin, so the first one is as short as can be.
    if (this.isFirstSegment && this.segmentSec > 0) this.closeSegment();
  }

  onDropped(): void {
    this.options.onDropped();
  }

  private addPicture(unit: AccessUnit, timescale: number): void {
    const { targetDurationSec } = this.options.window;
    const pictureSec = unit.duration / timescale;
    const segmentSec = this.segmentSec + this.partSec(timescale);
    const isLong = segmentSec >= targetDurationSec / 2 || !this.startsWithKeyframe;
    if (unit.keyframe ? isLong : segmentSec + pictureSec > targetDurationSec + ROUNDING_SEC) this.closeSegment();
    else if (this.pictures.length > 0 && this.partSec(timescale) + pictureSec > this.partLimitSec) this.closePart();
    this.learnPace(unit, timescale);
    this.pictures.push(unit);
    this.pending.push(unit);
    if (this.pictures.length >= this.picturesWanted()) this.closePart();
  }

  /** How many pictures the part that grows is to have: a segment as long as the one before comes out in as few parts as can be. */
  private picturesWanted(): number {
    const { picturesPerPart } = this;
    if (picturesPerPart === undefined) return Number.POSITIVE_INFINITY;
    const left = this.picturesBefore - this.segmentPictures;
    const parts = Math.ceil(left / Math.floor(picturesPerPart * PART_SLACK));
    return left <= 0 ? picturesPerPart : Math.max(picturesPerPart, Math.ceil(left / parts));
  }

  /** How many pictures make a part is known from the second on: what a camera says a picture lasts may be a guess. */
  private learnPace(unit: AccessUnit, timescale: number): void {
    const before = this.pictures.at(-1);
    if (this.picturesPerPart !== undefined || before === undefined) return;
    const pictureSec = Math.min(LONGEST_PICTURE_SEC, Math.max(SHORTEST_PICTURE_SEC, (unit.dts - before.dts) / timescale));
    this.picturesPerPart = Math.max(1, Math.round(PART_SEC / pictureSec));
    this.partLimitSec = this.picturesPerPart * pictureSec * PART_SLACK;
    this.options.window.aimAt(this.partLimitSec);
  }

  private partSec(timescale: number): number {
    const first = this.pictures[0];
    const last = this.pictures.at(-1);
    return first === undefined || last === undefined ? 0 : (last.dts + last.duration - first.dts) / timescale;
  }

  private closePart(): void {
    const { muxer, video, pictures, pending } = this;
    const first = pictures[0];
    if (muxer === undefined || video === undefined || first === undefined) return;
    const durationSec = this.partSec(video.timescale);
    const pieces = muxer.fragmentParts(pending, this.sequence++);
    this.pending = [];
    this.pictures = [];
    if (this.segmentSec === 0) this.startsWithKeyframe = first.keyframe;
    this.segmentSec += durationSec;
    this.segmentPictures += pictures.length;
    const part = { ...this.answered(pieces), durationSec, independent: first.keyframe };
    this.options.window.add(part, this.wallClockOf(first, video));
    this.options.onChange();
  }

  private answered(pieces: readonly Uint8Array[]): Pick<LivePart, 'answer' | 'bytes'> {
    const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const head = Buffer.from(answerHead({ type: MEDIA_TYPE, sizeBytes, at: this.options.clock.now() }));
    const answer = Buffer.concat([head, ...pieces]);
    return { answer, bytes: answer.subarray(head.length) };
  }

  private closeSegment(): void {
    this.closePart();
    if (this.segmentSec > 0) {
      // The first is cut short, which says nothing of those to come.
      this.picturesBefore = this.isFirstSegment ? 0 : this.segmentPictures;
      this.isFirstSegment = false;
    }
    this.segmentSec = 0;
    this.segmentPictures = 0;
    this.options.window.close();
    this.options.onChange();
  }

  private wallClockOf({ dts }: AccessUnit, { timescale }: VideoTrack): number {
    return Math.round((this.epochMs ?? 0) + (dts / timescale) * 1_000);
  }

  /** Takes the last of these pictures for one of just now. */
  private followClock(units: readonly AccessUnit[]): void {
    const last = units.findLast(({ trackId }) => trackId === this.video?.id);
    if (last === undefined || this.video === undefined) return;
    const epochMs = this.options.clock.now() - (last.dts / this.video.timescale) * 1_000;
    if (this.epochMs === undefined || Math.abs(epochMs - this.epochMs) > CLOCK_DRIFT_MS) this.epochMs = epochMs;
  }
}
