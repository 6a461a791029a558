import { AppError, type Clock, type Logger, type Timer } from '@cardea/core';
import {
  BASELINE_PLAY_SPEEDS,
  type controlPlaying,
  type ParamsOf,
  type PlayState,
  playbackTimers,
  type queryPlayingStatus,
  type ResultOf,
  type StopReason,
  type StreamName,
  type startPlaying,
} from '@cardea/protocol';
import type { CameraStreams } from '../camera-streams.ts';
import type { Disk } from '../disk/disk.ts';
import { secureAddress } from '../net/secure-address.ts';
import type { SocketConnector } from '../net/socket-connector.ts';
import { readFileId } from '../recording/recording-list.ts';
import { isEncrypted } from '../recording/segment-entry.ts';
import type { SegmentRing } from '../recording/segment-ring.ts';
import { Playback } from './playback.ts';
import { RecordingCursor } from './recording-cursor.ts';

const ENCRYPTED = 'this recording is encrypted: the device cannot play it';
export const MAX_PLAYBACKS = 2;

export interface PlaybacksOptions {
  readonly deviceId: string;
  readonly streams: Pick<CameraStreams, 'channel'>;
  readonly ring: SegmentRing;
  readonly disk: Pick<Disk, 'checkReadable'>;
  readonly connect: SocketConnector;
  readonly clock: Clock;
  readonly logger: Logger;
}

type StartParams = ParamsOf<typeof startPlaying>;
type StartAnswer = ResultOf<typeof startPlaying>;

interface Session {
  readonly playback: Playback;
  readonly ttlMs: number;
  readonly answer: StartAnswer;
  ttl: Timer;
}

/** The playbacks of the device, one for each session id. Each lives a while beyond the latest message about it. */
export class Playbacks {
  private readonly options: PlaybacksOptions;
  private readonly sessions = new Map<string, Session>();

  constructor(options: PlaybacksOptions) {
    this.options = options;
  }

  get states(): readonly { readonly sessionId: string; readonly state: PlayState }[] {
    return [...this.sessions].map(([sessionId, { playback }]) => ({ sessionId, state: playback.state }));
  }

  /**
   * Answers playback.start; the media comes behind.
   * @throws AppError CHANNEL_NOT_FOUND | DISK_ERROR | DISK_FORMATTING | DISK_UNFORMATTED | NOT_SUPPORTED | URL_EXPIRED |
   * SPEED_UNSUPPORTED | TOO_MANY_SESSIONS | RECORD_NOT_FOUND
   */
  async start(params: StartParams): Promise<StartAnswer> {
    const { sessionId, target } = params;
    const known = this.sessions.get(sessionId);
    if (known !== undefined) {
      known.playback.retarget(target);
      return { ...this.touch(sessionId).answer, state: known.playback.state };
    }
    this.check(params);
    const { ring } = this.options;
    const stream = this.streamOf(params);
    const cursor = new RecordingCursor(ring, { channel: params.channel, stream });
    const startAt = await cursor.seek(params.startAt);
    const endAt = this.endOf(params, stream);
    if (startAt === undefined || (endAt !== undefined && startAt >= endAt)) throw new AppError('RECORD_NOT_FOUND');
    this.check(params);
    const playback = this.open(params, { cursor, stream, startAt, endAt });
    const answer: StartAnswer = {
      sessionId,
      state: playback.state,
      actualStartAt: Math.round(startAt),
      ...(endAt !== undefined && { endAt }),
      speeds: [...BASELINE_PLAY_SPEEDS],
    };
    const ttlMs = (params.ttlSec ?? playbackTimers.ttlDefaultSec) * 1_000;
    this.sessions.set(sessionId, { playback, ttlMs, answer, ttl: this.startTtl(playback, ttlMs) });
    playback.start();
    return answer;
  }

  /** Answers playback.control. @throws AppError SESSION_NOT_FOUND | INVALID_STATE | SEEK_OUT_OF_RANGE | SPEED_UNSUPPORTED */
  async control(params: ParamsOf<typeof controlPlaying>): Promise<ResultOf<typeof controlPlaying>> {
    return await this.touch(params.sessionId).playback.control(params);
  }

  /** Answers playback.getStatus. @throws AppError SESSION_NOT_FOUND */
  status(sessionId: string): ResultOf<typeof queryPlayingStatus> {
    return this.touch(sessionId).playback.status;
  }

  stopAll(reason: StopReason): void {
    for (const { playback } of [...this.sessions.values()]) playback.stop(reason);
  }

  /** Ends all with an error that their status shows. */
  failAll(error: AppError): void {
    for (const { playback } of [...this.sessions.values()]) playback.fail(error);
  }

  private open(
    params: StartParams,
    found: { readonly cursor: RecordingCursor; readonly stream: StreamName; readonly startAt: number; readonly endAt: number | undefined },
  ): Playback {
    const { connect, clock, logger, deviceId, streams } = this.options;
    const { sessionId, channel } = params;
    const { stream } = found;
    const encoding = streams.channel(channel).streams.find(({ name }) => name === stream);
    if (encoding === undefined) throw new AppError('RECORD_NOT_FOUND');
    const audio = encoding.audio !== undefined && params.audio !== false ? { audio: encoding.audio } : {};
    const playback: Playback = new Playback({
      ...found,
      params,
      start: { sessionId, deviceId, channel, stream, kind: 'playback', video: { ...encoding.video, gopSec: encoding.gopSec }, ...audio },
      originAt: this.rangeOf(channel, stream).fromAt,
      range: () => {
        const { fromAt, toAt } = this.rangeOf(channel, stream);
        return { fromAt, toAt: Math.min(toAt, found.endAt ?? toAt) };
      },
      connect,
      clock,
      logger,
      onOver: () => {
        this.sessions.get(sessionId)?.ttl[Symbol.dispose]();
        this.sessions.delete(sessionId);
      },
    });
    return playback;
  }

  private check({ sessionId, channel, target, speed = 1 }: StartParams): void {
    const { streams, disk, clock } = this.options;
    streams.channel(channel);
    disk.checkReadable();
    if (target.protocol !== 'wss-fmp4') throw new AppError('NOT_SUPPORTED', { protocol: target.protocol });
    if (target.expiresAt <= clock.now()) throw new AppError('URL_EXPIRED');
    secureAddress(target.url);
    if (!BASELINE_PLAY_SPEEDS.some((known) => known === speed)) throw new AppError('SPEED_UNSUPPORTED', { speeds: BASELINE_PLAY_SPEEDS });
    const running = [...this.sessions.values()].filter(({ playback: { state } }) => state !== 'ended' && state !== 'error');
    if (running.length >= MAX_PLAYBACKS || this.sessions.has(sessionId)) throw new AppError('TOO_MANY_SESSIONS', { max: MAX_PLAYBACKS });
  }

  /** The stream of the recording that is named; else the best that was recorded then. */
  private streamOf({ channel, startAt, fileId }: StartParams): StreamName {
    const later = this.options.ring.local({ channel, fromAt: startAt, toAt: Number.POSITIVE_INFINITY });
    const named = fileId === undefined ? undefined : readFileId(fileId).stream;
    const found = later.filter(({ create }) => named === undefined || create.stream === named);
    const chosen = found.find(({ create }) => create.stream === 'main') ?? found[0];
    if (chosen === undefined) throw new AppError('RECORD_NOT_FOUND');
    if (isEncrypted(chosen)) throw new AppError('NOT_SUPPORTED', { encryption: chosen.create.encryption?.scheme }, { message: ENCRYPTED });
    return chosen.create.stream;
  }

  private endOf({ channel, endAt, fileId }: StartParams, stream: StreamName): number | undefined {
    if (fileId === undefined) return endAt;
    const { startAt } = readFileId(fileId);
    const segments = this.options.ring.local({ channel, stream, fromAt: startAt, toAt: Number.POSITIVE_INFINITY });
    const [first] = segments;
    let fileEndAt = first?.endAt;
    for (const { create, endAt: segmentEndAt } of segments) {
      if (create.spanId !== first?.create.spanId || create.eventId !== first?.create.eventId) break;
      fileEndAt = segmentEndAt;
    }
    return Math.min(endAt ?? Number.POSITIVE_INFINITY, fileEndAt ?? Number.POSITIVE_INFINITY);
  }

  private rangeOf(channel: number, stream: StreamName): { readonly fromAt: number; readonly toAt: number } {
    const all = this.options.ring.local({ channel, stream, fromAt: 0, toAt: Number.POSITIVE_INFINITY });
    return { fromAt: all[0]?.create.startAt ?? 0, toAt: Math.max(0, ...all.map(({ endAt }) => endAt)) };
  }

  private touch(sessionId: string): Session {
    const session = this.sessions.get(sessionId);
    if (session === undefined) throw new AppError('SESSION_NOT_FOUND', { sessionId });
    session.ttl[Symbol.dispose]();
    session.ttl = this.startTtl(session.playback, session.ttlMs);
    return session;
  }

  private startTtl(playback: Playback, ttlMs: number): Timer {
    return this.options.clock.setTimer(ttlMs, () => playback.stop('ttl'));
  }
}
