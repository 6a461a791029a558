import { AppError, type Clock, type Logger, type Timer } from '@cardea/core';
import {
  type FrameOf,
  liveChange,
  liveTimers,
  type ParamsOf,
  type pushLiveVideo,
  type ResultOf,
  type StopReason,
  type startMediaBroadcasting,
  type stopLiveVideo,
} from '@cardea/protocol';
import type { CameraStream } from '../camera.ts';
import type { CameraStreams } from '../camera-streams.ts';
import { secureAddress } from '../net/secure-address.ts';
import type { SocketConnector } from '../net/socket-connector.ts';
import type { EventQueue } from '../vd/event-queue.ts';
import { MediaPusher, type PushEnd } from './media-pusher.ts';

export const MAX_LIVE_SESSIONS = 4;

export interface LiveSessionsOptions {
  readonly deviceId: string;
  readonly streams: Pick<CameraStreams, 'channel' | 'reader'>;
  /** Privacy mode is on for a channel. */
  readonly isPrivate: (channel: number) => boolean;
  readonly connect: SocketConnector;
  readonly events: Pick<EventQueue, 'publish'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface LiveStatus {
  readonly sessionId: string;
  readonly stream: CameraStream['name'];
  readonly state: 'connecting' | 'publishing' | 'error';
}

type PushParams = ParamsOf<typeof pushLiveVideo>;
type PushAnswer = ResultOf<typeof pushLiveVideo>;

interface LiveSession {
  readonly params: PushParams;
  readonly stream: CameraStream;
  readonly pusher: MediaPusher;
  readonly done: Promise<void>;
  ttl: Timer;
  lastKeyframeMs: number;
  failure?: AppError;
  /** Why it was ended here. */
  told?: string;
}

/** The live pushes of the device, one for each session id (B5.12, B5.13, C5). */
export class LiveSessions implements AsyncDisposable {
  private readonly options: LiveSessionsOptions;
  private readonly sessions = new Map<string, LiveSession>();

  constructor(options: LiveSessionsOptions) {
    this.options = options;
  }

  get count(): number {
    return this.sessions.size;
  }

  /**
   * Starts a push, or renews and moves the one with that session id. Answers at once; the media comes behind.
   * @throws AppError CHANNEL_NOT_FOUND | STREAM_NOT_FOUND | NOT_SUPPORTED | CODEC_UNSUPPORTED | URL_EXPIRED | PRIVACY_MODE |
   * TOO_MANY_SESSIONS, or how the session failed since the last renewal
   */
  push(params: PushParams): PushAnswer {
    const known = this.sessions.get(params.sessionId);
    if (known !== undefined) return this.renew(known, params);
    const channel = this.options.streams.channel(params.channel);
    const stream = channel.streams.find((candidate) => candidate.name === params.stream);
    if (stream === undefined) throw new AppError('STREAM_NOT_FOUND', { stream: params.stream });
    this.checkWanted(params, stream);
    const session = this.start(params, stream);
    this.sessions.set(params.sessionId, session);
    return answerOf(session);
  }

  /** Ends the sessions that match; answers their ids. */
  stop({ sessionId, channel, stream }: ParamsOf<typeof stopLiveVideo>): string[] {
    const stopped: string[] = [];
    for (const [id, session] of this.sessions) {
      const { params } = session;
      if (sessionId !== undefined && id !== sessionId) continue;
      if ((channel !== undefined && params.channel !== channel) || (stream !== undefined && params.stream !== stream)) continue;
      this.end(session, 'command');
      stopped.push(id);
    }
    return stopped;
  }

  /** Ends all sessions of a channel, or of every channel; `told` says why more exactly than a stop frame can. */
  stopAll(reason: StopReason, channel?: number, told: string = reason): void {
    for (const session of this.sessions.values()) {
      if (channel === undefined || session.params.channel === channel) this.end(session, reason, told);
    }
  }

  /** Brings a key frame at once, at most one a second. Answers when it is, or was, made. @throws AppError SESSION_NOT_FOUND */
  requestKeyframe(sessionId: string): number {
    const session = this.sessions.get(sessionId);
    if (session === undefined) throw new AppError('SESSION_NOT_FOUND', { sessionId });
    const { clock } = this.options;
    if (clock.monotonicMs() - session.lastKeyframeMs >= liveTimers.keyframeMinIntervalMs) {
      session.lastKeyframeMs = clock.monotonicMs();
      session.pusher.repeatKeyframe();
    }
    return Math.round(clock.now() + session.lastKeyframeMs - clock.monotonicMs());
  }

  status(channel: number): LiveStatus[] {
    return [...this.sessions.values()]
      .filter(({ params }) => params.channel === channel)
      .map(({ params, pusher, failure }) => ({
        sessionId: params.sessionId,
        stream: params.stream,
        state: failure === undefined ? pusher.state : 'error',
      }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const sessions = [...this.sessions.values()];
    this.stopAll('command');
    await Promise.all(sessions.map(({ done }) => done));
  }

  private renew(session: LiveSession, params: PushParams): PushAnswer {
    const { failure } = session;
    if (failure !== undefined) {
      this.forget(session);
      throw failure;
    }
    this.checkTarget(params);
    session.ttl[Symbol.dispose]();
    session.ttl = this.startTtl(params);
    session.pusher.retarget(params.target);
    if (params.video?.keyframe === true) this.requestKeyframe(params.sessionId);
    return answerOf(session);
  }

  private checkWanted(params: PushParams, stream: CameraStream): void {
    if (this.options.isPrivate(params.channel)) throw new AppError('PRIVACY_MODE');
    this.checkTarget(params);
    if (params.video?.codec !== undefined && params.video.codec !== stream.video.codec)
      throw new AppError('CODEC_UNSUPPORTED', { codec: stream.video.codec });
    if (this.status(params.channel).length >= MAX_LIVE_SESSIONS) throw new AppError('TOO_MANY_SESSIONS', { max: MAX_LIVE_SESSIONS });
  }

  private checkTarget({ target }: PushParams): void {
    if (target.protocol !== 'wss-fmp4') throw new AppError('NOT_SUPPORTED', { protocol: target.protocol });
    if (target.expiresAt <= this.options.clock.now()) throw new AppError('URL_EXPIRED');
    secureAddress(target.url);
  }

  private start(params: PushParams, stream: CameraStream): LiveSession {
    const { clock, connect, logger, streams } = this.options;
    const pusher = new MediaPusher({
      start: this.startFrame(params, stream),
      target: params.target,
      reader: streams.reader(params.channel, stream.name),
      withAudio: params.audio !== false,
      connect,
      clock,
      logger: logger.child({ sessionId: params.sessionId }),
      onState: (state) => state === 'publishing' && this.tell(params, { state, reason: 'started' }),
    });
    const session: LiveSession = {
      params,
      stream,
      pusher,
      ttl: this.startTtl(params),
      lastKeyframeMs: Number.NEGATIVE_INFINITY,
      done: pusher.run().then((end) => this.over(session, end)),
    };
    return session;
  }

  private startFrame(
    { sessionId, channel, stream: name, audio }: PushParams,
    stream: CameraStream,
  ): Omit<FrameOf<typeof startMediaBroadcasting>, 'type' | 'startAt' | 'token'> {
    return {
      sessionId,
      deviceId: this.options.deviceId,
      channel,
      stream: name,
      kind: 'live',
      video: { ...stream.video, gopSec: stream.gopSec },
      ...(stream.audio && audio !== false && { audio: stream.audio }),
    };
  }

  private startTtl({ sessionId, ttlSec = liveTimers.ttlDefaultSec }: PushParams): Timer {
    return this.options.clock.setTimer(ttlSec * 1_000, () => {
      const session = this.sessions.get(sessionId);
      if (session !== undefined) this.end(session, 'ttl');
    });
  }

  private end(session: LiveSession, reason: StopReason, told: string = reason): void {
    session.told = told;
    this.forget(session);
    session.pusher.stop(reason);
  }

  private forget(session: LiveSession): void {
    session.ttl[Symbol.dispose]();
    this.sessions.delete(session.params.sessionId);
  }

  /** The pusher is done: a failure is kept for the next renewal, anything else is the end of the session. */
  private over(session: LiveSession, { reason, error }: PushEnd): void {
    const { params } = session;
    this.options.logger.info({ sessionId: params.sessionId, reason, status: error?.status }, 'a live push ended');
    if (error === undefined) {
      if (this.sessions.get(params.sessionId) === session) this.forget(session);
      this.tell(params, { state: 'stopped', reason: session.told ?? reason });
      return;
    }
    session.failure = failureOf(error);
    this.tell(params, { state: 'error', reason, error: { code: session.failure.code, name: session.failure.status } });
  }

  private tell({ sessionId, channel, stream }: PushParams, change: Pick<ParamsOf<typeof liveChange>, 'state' | 'reason' | 'error'>): void {
    const { events, logger } = this.options;
    events
      .publish(liveChange, { sessionId, channel, stream, ...change })
      .catch((error: unknown) => logger.warn({ err: error }, 'a change of a live push was not told'));
  }
}

function answerOf({ params, stream, pusher }: LiveSession): PushAnswer {
  return {
    sessionId: params.sessionId,
    state: pusher.state,
    video: stream.video,
    ...(stream.audio && params.audio !== false && { audio: stream.audio }),
  };
}

/** What the next renewal is answered: the media server refused, or could not be reached. */
function failureOf(error: AppError): AppError {
  const refused = error.status === 'PUSH_REJECTED' || error.details?.httpStatus !== undefined;
  return new AppError(refused ? 'PUSH_REJECTED' : 'PUSH_CONNECT_FAILED', undefined, { cause: error });
}
