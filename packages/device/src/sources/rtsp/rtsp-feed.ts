import type { Clock } from '@cardea/core';
import {
  createDepacketiser,
  DecodeTimes,
  MediaError,
  maxReorderDepth,
  parseRtcp,
  parseRtpPacket,
  type RtpDepacketiser,
  type RtpFrame,
  RtpReorderBuffer,
  type Track,
} from '@cardea/media';
import type { MediaReceiver, MediaRun } from '../../camera.ts';
import type { RtspReceiver, RtspStream } from './rtsp-session.ts';

export interface RtspFeedOptions {
  readonly streams: readonly RtspStream[];
  readonly receiver: MediaReceiver;
  readonly clock: Clock;
  /** How far the camera reorders its pictures, as far as it is known. */
  readonly reorderDepth: number;
  /** A part of a picture was lost: what comes until the next key frame is left out. */
  readonly onHole: () => void;
}

interface Lane {
  readonly depacketiser: RtpDepacketiser;
  readonly payloadType: number;
  readonly reorder: RtpReorderBuffer;
  /** The newest sender report: the wall time of the camera at an RTP time. */
  report?: { readonly sentAt: number; readonly rtpTimestamp: number };
  lastDts: number | undefined;
  duration: number;
}

/** A time line of which media and arrival are this far apart is lined up again: no clock of a camera runs as ours does. */
const TOLERATED_DRIFT_MS = 500;
/** A step this large between two pictures is another time line. */
const LONGEST_STEP_SEC = 10;
/** Reports that move the sound by more than this are wrong, and sound that is off by more has begun anew. */
const LARGEST_CORRECTION_SEC = 5;
/** How long the first of a stream lasts: a picture of 25 a second, a frame of AAC. */
const [FIRST_PICTURE_TICKS, FIRST_SOUND_TICKS] = [3_600, 1_024];

interface Run extends MediaRun {
  /** Of the video track. */
  readonly video: Track;
  /** Of the key frame it began with, in ticks of RTP. */
  readonly firstPts: number;
  /** Decode time, in ticks of RTP, that is tick 0. */
  readonly origin: number;
  readonly times: DecodeTimes;
  /** By how much the pictures of the present group came earlier than their times, at best. */
  earliestMs: number;
  /** Added to the times of the sound, once it began. */
  soundShift?: number;
  isSoundReported: boolean;
}

/**
 * Makes the media of one camera out of its RTP packets: in sequence, whole, on one time line. A run begins with a key frame at
 * its arrival and is lined up again when it drifts from the clock of the device; what a lost packet tore is left out up to the
 * next key frame and counted.
 */
export class RtspFeed implements RtspReceiver {
  private readonly options: RtspFeedOptions;
  private readonly lanes: readonly Lane[];
  private depth: number;
  private run: Run | undefined;

  constructor(options: RtspFeedOptions) {
    this.options = options;
    this.depth = options.reorderDepth;
    this.lanes = options.streams.map(({ source, payloadType }) => ({
      depacketiser: createDepacketiser(source),
      payloadType,
      reorder: new RtpReorderBuffer(),
      lastDts: undefined,
      duration: 'codec' in source ? FIRST_PICTURE_TICKS : FIRST_SOUND_TICKS,
    }));
  }

  /** How far the camera reorders its pictures, as it turned out. */
  get reorderDepth(): number {
    return this.depth;
  }

  rtp(stream: number, bytes: Uint8Array): void {
    const lane = this.lanes[stream];
    if (lane === undefined) return;
    try {
      const packet = parseRtpPacket(bytes);
      if (packet.payloadType !== lane.payloadType) return;
      for (const next of lane.reorder.push(packet)) {
        const wasWhole = !lane.depacketiser.needsKeyframe;
        for (const frame of lane.depacketiser.push(next)) this.frame(stream, lane, frame);
        if (wasWhole && lane.depacketiser.needsKeyframe) this.options.onHole();
      }
    } catch (error) {
      // A packet that makes no sense counts as lost.
      if (!(error instanceof MediaError)) throw error;
    }
  }

  rtcp(stream: number, bytes: Uint8Array): void {
    const lane = this.lanes[stream];
    try {
      const report = parseRtcp(bytes).find((packet) => packet.type === 'senderReport');
      if (lane !== undefined && report !== undefined) lane.report = report;
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
    }
  }

  private frame(stream: number, lane: Lane, frame: RtpFrame): void {
    const { track } = lane.depacketiser;
    if (track === undefined) return;
    if (stream === 0) this.picture(lane, track, frame);
    else if (this.run !== undefined) this.sound(lane, track, this.run, frame);
  }

  private picture(lane: Lane, track: Track, frame: RtpFrame): void {
    if (frame.keyframe) this.lineUp(lane, track, frame);
    const { run } = this;
    // Pictures shown before the first key frame lean on ones that never came (H.265 3.1, leading pictures).
    if (run === undefined || frame.pts < run.firstPts) return;
    const dts = this.decodeTime(lane, run, frame.pts);
    if (dts === undefined) return;
    const lateMs = this.options.clock.monotonicMs() - run.startMonotonicMs - (dts / track.timescale) * 1_000;
    run.earliestMs = Math.min(run.earliestMs, lateMs);
    const { keyframe, data } = frame;
    this.options.receiver.unit({ trackId: track.id, dts, pts: frame.pts - run.origin, duration: lane.duration, keyframe, data });
  }

  /** Times that make no sense end the run: nothing comes out before the next key frame. */
  private decodeTime(lane: Lane, { origin, times, video }: Run, pts: number): number | undefined {
    const longestStep = LONGEST_STEP_SEC * video.timescale;
    const next = times.next(pts, lane.duration);
    const dts = next === undefined ? Number.NaN : next - origin;
    const step = lane.lastDts === undefined ? 0 : dts - lane.lastDts;
    if (step >= 0 && step <= longestStep) {
      if (step > 0) lane.duration = step;
      lane.lastDts = dts;
      return dts;
    }
    const backwards = origin + (lane.lastDts ?? 0) - pts;
    if (next === undefined && backwards < longestStep) this.depth = Math.min(maxReorderDepth, this.depth + 1);
    this.run = undefined;
    this.options.onHole();
    return undefined;
  }

  /** Begins a run at a key frame where there is none, where the tracks changed, or where the present one drifted away. */
  private lineUp(lane: Lane, track: Track, { pts }: RtpFrame): void {
    const run = this.run !== undefined && pts >= this.run.firstPts ? this.run : undefined;
    const driftMs = run === undefined || run.earliestMs === Number.POSITIVE_INFINITY ? 0 : run.earliestMs;
    if (run !== undefined) run.earliestMs = Number.POSITIVE_INFINITY;
    const isDrifted = Math.abs(driftMs) > TOLERATED_DRIFT_MS;
    if (run !== undefined && run.video === track && !isDrifted) return;
    const nowMs = this.options.clock.monotonicMs();
    const origin = pts - this.depth * lane.duration;
    // Where the time line goes on, it goes on from what the earliest pictures said: the key frame itself may be late.
    const startMonotonicMs = run === undefined ? nowMs : run.startMonotonicMs + driftMs + ((origin - run.origin) / track.timescale) * 1_000;
    this.begin(track, { startMonotonicMs, firstPts: pts, origin });
  }

  private begin(video: Track, times: Pick<Run, 'startMonotonicMs' | 'firstPts' | 'origin'>): void {
    const [, sound] = this.lanes.map(({ depacketiser }) => depacketiser.track);
    for (const lane of this.lanes) lane.lastDts = undefined;
    this.run = {
      tracks: sound === undefined ? [video] : [video, sound],
      ...times,
      video,
      times: new DecodeTimes(this.depth),
      earliestMs: Number.POSITIVE_INFINITY,
      isSoundReported: false,
    };
    this.options.receiver.begin({ tracks: this.run.tracks, startMonotonicMs: times.startMonotonicMs });
  }

  private sound(lane: Lane, track: Track, run: Run, { pts, data }: RtpFrame): void {
    const arrival = Math.round(((this.options.clock.monotonicMs() - run.startMonotonicMs) / 1_000) * track.timescale);
    const isOff = run.soundShift !== undefined && Math.abs(pts + run.soundShift - arrival) > LARGEST_CORRECTION_SEC * track.timescale;
    if (run.soundShift === undefined || isOff) run.soundShift = arrival - pts;
    if (!run.isSoundReported) this.believeReports(lane, track, run, pts);
    const dts = pts + run.soundShift;
    if (dts < 0 || dts <= (lane.lastDts ?? -1)) return;
    // A frame lasts as long as the one before it, of which no more is known than when the next one began.
    if (lane.lastDts !== undefined && dts - lane.lastDts < track.timescale) lane.duration = dts - lane.lastDts;
    lane.lastDts = dts;
    this.options.receiver.unit({ trackId: track.id, dts, pts: dts, duration: lane.duration, keyframe: true, data });
  }

  /** Once both streams said when they were (RFC 3550, 6.4.1), the sound goes exactly to its pictures. */
  private believeReports(lane: Lane, track: Track, run: Run, pts: number): void {
    const [video] = this.lanes;
    if (video?.report === undefined || lane.report === undefined || run.soundShift === undefined) return;
    run.isSoundReported = true;
    const soundAt = wallAt(lane.report, pts, track.timescale);
    const startAt = wallAt(video.report, run.origin, run.video.timescale);
    const shift = Math.round(((soundAt - startAt) / 1_000) * track.timescale) - pts;
    if (Math.abs(shift - run.soundShift) <= LARGEST_CORRECTION_SEC * track.timescale) run.soundShift = shift;
  }
}

/** RTP times in a report are those of the packets, which wrap. */
function wallAt({ sentAt, rtpTimestamp }: NonNullable<Lane['report']>, pts: number, timescale: number): number {
  return sentAt - (((rtpTimestamp - pts) | 0) / timescale) * 1_000;
}
