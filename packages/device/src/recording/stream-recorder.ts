import type { Logger, Random } from '@cardea/core';
import { type AccessUnit, codecsOf, Fmp4Muxer, type Track, type VideoTrack } from '@cardea/media';
import { type CreateSegment, clockLimits, type RecordTarget, type SegmentKind, type StreamName } from '@cardea/protocol';
import type { MediaReceiver, MediaRun } from '../camera.ts';
import type { DeviceClock } from '../device-clock.ts';
import type { StreamReader } from '../stream-reader.ts';
import type { RecordingEncryption } from './recording-encryption.ts';
import { includesSide, joined, type RecordSide, type SegmentEntry, stateWhenWhole } from './segment-entry.ts';
import { SegmentFile } from './segment-file.ts';
import type { SegmentRing, ShareReason } from './segment-ring.ts';

/** Why something is recorded; it becomes part of the segments. */
export interface RecordDemand {
  readonly kind: Exclude<SegmentKind, 'backfill'>;
  readonly target: RecordTarget;
  readonly taskId?: string;
  readonly eventId?: string;
  /** Length to cut at; absent: what the platform wants. */
  readonly segmentSec?: number;
}

export interface StreamRecorderOptions {
  readonly channel: number;
  readonly stream: StreamName;
  readonly reader: StreamReader;
  readonly ring: SegmentRing;
  readonly targetSegmentSec: () => number;
  readonly withAudio: (target: RecordTarget) => boolean;
  readonly encryption: Pick<RecordingEncryption, 'isOn' | 'seal'>;
  /** A segment is whole and on disk. */
  readonly onRecorded: () => void;
  /** The disk did not take something. */
  readonly onFailed: (error: unknown) => void;
  readonly clock: DeviceClock;
  readonly random: Random;
  readonly logger: Logger;
}

/** An unbroken stretch of recording: its wall times count from one reading of the clock. */
interface Span {
  readonly spanId: string;
  readonly startAt: number;
  readonly originMs: number;
  index: number;
}

interface OpenSegment {
  readonly create: CreateSegment;
  readonly demand: RecordDemand;
  readonly file: SegmentFile;
  readonly muxer: Fmp4Muxer;
  /** Ticks of the run that are tick 0 of the file, for each track. */
  readonly base: ReadonlyMap<number, number>;
  readonly startMs: number;
  pending: AccessUnit[];
  pendingSinceMs: number;
  sequence: number;
  endMs: number;
  /** Why it is wanted at one more place than it was begun for. */
  share?: ShareReason;
}

/** A process that is killed loses what waits to become a fragment and what is on its way to the disk: a second together. */
const FRAGMENT_MS = 500;

/**
 * Records one stream as video segments: cut at key frames, two fragments a second, each file complete in itself. A clock
 * that steps ends the span, so that recorded time never runs back (C7, C8, B7.1).
 */
export class StreamRecorder implements MediaReceiver {
  readonly channel: number;
  readonly stream: StreamName;
  private readonly options: StreamRecorderOptions;
  private demand: RecordDemand | undefined;
  private attachment: Disposable | undefined;
  private run: MediaRun | undefined;
  private video: VideoTrack | undefined;
  private span: Span | undefined;
  private open: OpenSegment | undefined;
  private lastEndAt = 0;
  private readonly closing = new Set<Promise<void>>();
  /** Segments take their places in the order in which they were recorded, whichever is on disk first. */
  private placed: Promise<void> = Promise.resolve();

  constructor(options: StreamRecorderOptions) {
    this.options = options;
    this.channel = options.channel;
    this.stream = options.stream;
  }

  /** What is being recorded for, if anything. */
  get active(): RecordDemand | undefined {
    return this.demand;
  }

  /**
   * From now on record for `demand`, or not at all. Another reason takes effect at the next key frame; the first one reaches
   * `preRollMs` back, as far as pictures are kept, and one that adds a place takes there what was recorded in that time.
   */
  record(demand: RecordDemand | undefined, preRollMs = 0): void {
    if (sameDemand(demand, this.demand)) return;
    if (this.demand !== undefined && demand !== undefined) this.reachBack(this.demand, demand, preRollMs);
    this.demand = demand;
    if (demand === undefined) {
      this.attachment?.[Symbol.dispose]();
      this.attachment = undefined;
      this.endSpan();
    } else {
      this.attachment ??= this.options.reader.attach(this, { preRollMs });
    }
  }

  /** Wall time of the first sample if recording were asked for now. */
  startsAt(preRollMs: number): number {
    const { reader, clock } = this.options;
    if (this.demand === undefined) return reader.availableFrom(preRollMs);
    return Math.min(clock.now(), Math.max(this.span?.startAt ?? clock.now(), clock.now() - preRollMs));
  }

  /** Keeps pictures of the last `preRollMs` at hand until the answer is disposed. */
  keepPreRoll(preRollMs: number): Disposable {
    return this.options.reader.hold(preRollMs);
  }

  /** Resolves when everything recorded so far is on disk. */
  async settle(): Promise<void> {
    await Promise.all(this.closing);
  }

  begin(run: MediaRun): void {
    this.endSpan();
    this.run = run;
    this.video = run.tracks.find((track) => track.kind === 'video');
  }

  unit(unit: AccessUnit): void {
    const { run, video } = this;
    if (run === undefined || video === undefined) return;
    if (unit.trackId === video.id) this.placePicture(unit, video, run);
    const { open } = this;
    const base = open?.base.get(unit.trackId);
    // Sound from before the first picture of the file has no place in it.
    if (open === undefined || base === undefined || unit.dts < base) return;
    const timeMs = monotonicMsOf(unit, run);
    // Fragments begin with key frames, so that the index can name them.
    const isKey = unit.keyframe && unit.trackId === video.id;
    if (isKey || timeMs - open.pendingSinceMs >= FRAGMENT_MS) this.flush(open, timeMs);
    open.pending.push({ ...unit, dts: unit.dts - base, pts: unit.pts - base });
    if (unit.trackId === video.id) open.endMs = timeMs + (unit.duration / video.timescale) * 1_000;
  }

  private placePicture(unit: AccessUnit, video: VideoTrack, run: MediaRun): void {
    const timeMs = monotonicMsOf(unit, run);
    if (this.span !== undefined && this.stepped(this.span, timeMs)) this.endSpan();
    if (!unit.keyframe) return;
    if (this.open !== undefined && this.due(this.open, timeMs)) this.close(timeMs);
    if (this.open !== undefined || this.demand === undefined) return;
    this.span ??= this.newSpan(timeMs);
    const startAt = wallAt(this.span, timeMs);
    // A source that started again repeats its last pictures; they are recorded already.
    if (startAt < this.lastEndAt && this.lastEndAt - startAt < clockLimits.stepMs) {
      this.span = undefined;
      return;
    }
    this.open = this.newSegment({ unit, video, run, demand: this.demand, span: this.span, timeMs, startAt });
  }

  private stepped(span: Span, timeMs: number): boolean {
    return Math.abs(this.options.clock.wallAt(timeMs) - wallAt(span, timeMs)) > clockLimits.stepMs;
  }

  private due(open: OpenSegment, timeMs: number): boolean {
    const lengthSec = open.demand.segmentSec ?? this.options.targetSegmentSec();
    return !sameDemand(open.demand, this.demand) || timeMs - open.startMs >= lengthSec * 1_000;
  }

  private newSpan(originMs: number): Span {
    const { random, clock } = this.options;
    return { spanId: random.ulid(), startAt: clock.wallAt(originMs), originMs, index: 0 };
  }

  private newSegment(start: SegmentStart): OpenSegment {
    const { ring, random, channel, stream, withAudio, encryption, onFailed } = this.options;
    const { unit, video, run, demand, span, timeMs, startAt } = start;
    const tracks = run.tracks.filter((track) => track.kind === 'video' || withAudio(demand.target));
    const { kind, taskId, eventId } = demand;
    const create: CreateSegment = {
      clientSegmentId: random.ulid(),
      channel,
      stream,
      kind,
      startAt,
      spanId: span.spanId,
      index: span.index++,
      container: 'fmp4',
      codecs: codecsOf(tracks),
      width: video.width,
      height: video.height,
      audio: tracks.length > 1,
      ...(taskId !== undefined && { taskId }),
      ...(eventId !== undefined && { eventId }),
      ...(encryption.isOn && { encryption: { scheme: 'aes-256-gcm' } }),
    };
    ring.put({ create, target: demand.target, state: 'recording' }).catch(onFailed);
    const muxer = new Fmp4Muxer(tracks);
    const init = muxer.initSegment();
    const subject = { channel, stream, segmentId: create.clientSegmentId, startAt };
    const coat = encryption.isOn ? () => encryption.seal(init, subject) : undefined;
    const file = new SegmentFile(ring.pathOfId(create.clientSegmentId), init, coat);
    const base = new Map(tracks.map((track) => [track.id, inTicksOf(track, unit.dts, video)]));
    return { create, demand, file, muxer, base, startMs: timeMs, pending: [], pendingSinceMs: timeMs, sequence: 0, endMs: timeMs };
  }

  private flush(open: OpenSegment, nowMs: number, { last = false } = {}): void {
    const { pending } = open;
    open.pending = [];
    open.pendingSinceMs = nowMs;
    if (pending.length === 0) return;
    open.sequence += 1;
    const first = pending.find((unit) => unit.trackId === this.video?.id);
    const key = first?.keyframe === true ? { trackId: first.trackId, time: first.pts } : undefined;
    open.file.append(open.muxer.fragment(pending, open.sequence), { key, last });
  }

  private endSpan(): void {
    if (this.open !== undefined) this.close(this.open.endMs);
    this.span = undefined;
  }

  /** The open segment ends at `endMs`, where the next one may begin. */
  private close(endMs: number): void {
    const { open, span } = this;
    if (open === undefined || span === undefined) return;
    this.open = undefined;
    this.flush(open, endMs, { last: true });
    const endAt = wallAt(span, endMs);
    this.lastEndAt = endAt;
    const task = this.finish(open, endAt, this.placed).finally(() => this.closing.delete(task));
    this.placed = task;
    this.closing.add(task);
  }

  /** Never rejects: a segment that cannot be written is lost, counted and logged, and recording goes on. */
  private async finish({ create, demand, file, share }: OpenSegment, endAt: number, before: Promise<void>): Promise<void> {
    const { ring, logger, onRecorded, onFailed } = this.options;
    try {
      const { sizeBytes, sha256 } = await file.finish();
      await before;
      const durationMs = endAt - create.startAt;
      const target = share === undefined ? demand.target : joined(demand.target, share.side);
      const whole = { ...marked(create, share), durationMs, estimatedBytes: sizeBytes };
      await ring.put({ create: whole, target, state: stateWhenWhole(target), endAt, sizeBytes, sha256 } satisfies SegmentEntry);
      onRecorded();
    } catch (error) {
      logger.error({ err: error, startAt: create.startAt, endAt }, 'a segment could not be written and is lost');
      await file.discard().catch(() => {});
      await ring.remove({ create, target: demand.target, state: 'recording' }).catch(() => {});
      onFailed(error);
    }
  }

  /** What is recorded already and lies in the pre-roll goes to the place that is added, too. */
  private reachBack(before: RecordDemand, { target, eventId, taskId }: RecordDemand, preRollMs: number): void {
    const { ring, clock, channel, stream, onRecorded, onFailed } = this.options;
    const side = sides.find((candidate) => includesSide(target, candidate) && !includesSide(before.target, candidate));
    if (side === undefined || preRollMs === 0) return;
    const share = { side, eventId, taskId };
    if (this.open !== undefined) this.open.share = share;
    ring.share({ channel, stream, fromAt: clock.now() - preRollMs, toAt: clock.now() }, share).then(onRecorded, onFailed);
  }
}

const sides: readonly RecordSide[] = ['local', 'cloud'];

function marked(create: CreateSegment, { eventId, taskId }: Partial<ShareReason> = {}): CreateSegment {
  return { ...create, ...(eventId !== undefined && { eventId, kind: 'event' }), ...(taskId !== undefined && { taskId }) };
}

interface SegmentStart {
  readonly unit: AccessUnit;
  readonly video: VideoTrack;
  readonly run: MediaRun;
  readonly demand: RecordDemand;
  readonly span: Span;
  readonly timeMs: number;
  readonly startAt: number;
}

function wallAt(span: Span, timeMs: number): number {
  return Math.round(span.startAt + timeMs - span.originMs);
}

function monotonicMsOf(unit: AccessUnit, run: MediaRun): number {
  const timescale = run.tracks.find((track) => track.id === unit.trackId)?.timescale ?? 1;
  return run.startMonotonicMs + (unit.dts / timescale) * 1_000;
}

function inTicksOf(track: Track, dts: number, video: VideoTrack): number {
  return track.id === video.id ? dts : Math.round((dts / video.timescale) * track.timescale);
}

function sameDemand(a: RecordDemand | undefined, b: RecordDemand | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const sameReason = a.kind === b.kind && a.taskId === b.taskId && a.eventId === b.eventId;
  return sameReason && a.target === b.target && a.segmentSec === b.segmentSec;
}
