import { AppError, hasStatus, type Logger, type Random, sleep } from '@cardea/core';
import { type AccessUnit, Fmp4Muxer, type VideoTrack } from '@cardea/media';
import type { MediaReceiver, MediaRun, Picture, PictureRequest, ReadOptions } from '../../camera.ts';
import { grabFrame } from '../frame-grab.ts';
import { nameOf, type RtspAddress } from './rtsp-address.ts';
import { RtspFeed } from './rtsp-feed.ts';
import { playRtsp } from './rtsp-session.ts';
import { RtspSurvey, type StreamFacts } from './rtsp-survey.ts';

export interface RtspLinkOptions {
  readonly address: RtspAddress;
  readonly random: Random;
  readonly logger: Logger;
}

const SURVEY_MS = 12_000;
const STILL_MS = 10_000;
/** A camera whose users were told wrong locks them out; it is left alone for so long after it refused. */
const REFUSED_MS = 60_000;
const SAY_AGAIN_MS = 60_000;

/** A key frame from which a picture can be made. */
interface Still {
  readonly track: VideoTrack;
  readonly unit: AccessUnit;
  readonly capturedAt: number;
}

/** The way to one stream of a camera: reads it, and keeps its newest key frame for pictures. */
export class RtspLink {
  private readonly options: RtspLinkOptions;
  private reorderDepth = 0;
  private still: Still | undefined;
  private refused: { readonly error: unknown; readonly untilMs: number } | undefined;
  private holes = 0;
  private saidMs = Number.NEGATIVE_INFINITY;

  constructor(options: RtspLinkOptions) {
    this.options = options;
  }

  /** Hands `receiver` what comes until `signal` aborts. @throws AppError as `playRtsp` */
  async read(receiver: MediaReceiver, { signal, clock }: ReadOptions): Promise<void> {
    const { address, random } = this.options;
    if (this.refused !== undefined && clock.monotonicMs() < this.refused.untilMs) throw this.refused.error;
    let feed: RtspFeed | undefined;
    const onHole = (): void => this.tellHole(clock.monotonicMs());
    try {
      await playRtsp(address, {
        clock,
        random,
        signal,
        receiverOf: (streams) => {
          const keeper = new StillKeeper(receiver, (still) => (this.still = { ...still, capturedAt: clock.now() }));
          feed = new RtspFeed({ streams, receiver: keeper, clock, reorderDepth: this.reorderDepth, onHole });
          return feed;
        },
      });
    } catch (error) {
      if (hasStatus(error, 'UNAUTHORIZED')) this.refused = { error, untilMs: clock.monotonicMs() + REFUSED_MS };
      throw error;
    } finally {
      this.reorderDepth = feed?.reorderDepth ?? this.reorderDepth;
    }
  }

  /** What the stream is. @throws AppError as `playRtsp`; TIMEOUT when nothing comes */
  async survey({ signal, clock }: ReadOptions): Promise<StreamFacts> {
    const survey = new RtspSurvey();
    await this.readUntil(survey, survey.done, SURVEY_MS, { signal, clock });
    return survey.facts(nameOf(this.options.address));
  }

  /** The newest key frame as it is, or one fetched for this. @throws AppError CAPTURE_FAILED */
  async takePicture({ width, height, quality }: PictureRequest, gopSec: number, options: ReadOptions): Promise<Picture> {
    const oldest = options.clock.now() - Math.max(2, gopSec * 1.5) * 1_000;
    if (this.still === undefined || this.still.capturedAt < oldest) await this.fetchStill(options);
    const { still } = this;
    if (still === undefined || still.capturedAt < oldest) throw new AppError('CAPTURE_FAILED', { reason: 'the camera sends no pictures' });
    const muxer = new Fmp4Muxer([still.track]);
    const unit = { ...still.unit, dts: 0, pts: 0 };
    const mp4 = Buffer.concat([muxer.initSegment(), muxer.fragment([unit], 1)]);
    return { jpeg: await grabFrame({ mp4, width, height, quality }, options), capturedAt: still.capturedAt };
  }

  private async fetchStill(options: ReadOptions): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const receiver = { begin: () => {}, unit: ({ keyframe }: AccessUnit) => void (keyframe && resolve()) };
    await this.readUntil(receiver, promise, STILL_MS, options).catch((cause: unknown) => {
      throw new AppError('CAPTURE_FAILED', undefined, { cause });
    });
  }

  /** Reads until `done` resolves or so much time has passed. @throws AppError why reading ended before that */
  private async readUntil(receiver: MediaReceiver, done: Promise<void>, timeoutMs: number, { signal, clock }: ReadOptions): Promise<void> {
    const stop = new AbortController();
    const either = { signal: AbortSignal.any([signal, stop.signal]) };
    const reading = this.read(receiver, { ...either, clock });
    try {
      await Promise.race([done, reading, sleep(clock, timeoutMs, either)]);
    } finally {
      stop.abort();
      await reading.catch(() => {});
    }
  }

  private tellHole(nowMs: number): void {
    this.holes += 1;
    if (nowMs - this.saidMs < SAY_AGAIN_MS) return;
    this.saidMs = nowMs;
    const { address, logger } = this.options;
    logger.warn({ camera: nameOf(address), times: this.holes }, 'parts of pictures were lost: those up to the next key frame are left out');
  }
}

/** Hands on everything and shows the key frames it sees. */
class StillKeeper implements MediaReceiver {
  private readonly receiver: MediaReceiver;
  private readonly onStill: (still: Omit<Still, 'capturedAt'>) => void;
  private track: VideoTrack | undefined;

  constructor(receiver: MediaReceiver, onStill: (still: Omit<Still, 'capturedAt'>) => void) {
    this.receiver = receiver;
    this.onStill = onStill;
  }

  begin(run: MediaRun): void {
    this.track = run.tracks.find((track) => track.kind === 'video');
    this.receiver.begin(run);
  }

  unit(unit: AccessUnit): void {
    const { track } = this;
    if (unit.keyframe && track !== undefined && unit.trackId === track.id) this.onStill({ track, unit });
    this.receiver.unit(unit);
  }
}
