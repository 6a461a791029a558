import type { LiveSession, PlaybackSession, Viewer } from '@cardea/api';
import { AppError, type Clock, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import { closeCodes, type PushTarget } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof, SessionMaker } from '../authorization/proof.ts';
import type { HttpServer, TlsPair } from '../http/http-server.ts';
import type { Bus, Db } from '../store/ports.ts';
import type { TokenClaims, TokenIssuer } from '../tokens/token-issuer.ts';
import { Broadcasts } from './broadcasts.ts';
import { type Origins, pulledSourceOf } from './edge/origins.ts';
import { NOBODY, PullEndpoint } from './edge/pull-endpoint.ts';
import { IngestEndpoint, isIngestPath } from './ingest-endpoint.ts';
import { latencyOf } from './latency-class.ts';
import { LiveAddresses } from './live-addresses.ts';
import type { LiveOutput, MediaPorts } from './live-output.ts';
import { createLiveOutputs } from './live-outputs.ts';
import { parseLivePath } from './live-path.ts';
import type { LiveStream } from './live-stream.ts';
import { wantsSound } from './media-feed.ts';
import { Playbacks, type PlaybackWish, playbackOfPath } from './playbacks.ts';
import type {
  DeviceChannels,
  DeviceCommands,
  MediaCounters,
  MediaHeadroom,
  MediaSource,
  OfferSession,
  PlaceElsewhere,
  PrincipalFromRequest,
  ViewAudit,
} from './ports.ts';
import type { PublishGrant } from './rtmp/rtmp-connection.ts';
import { RtmpIngest } from './rtmp/rtmp-ingest.ts';
import { SessionRights } from './session-rights.ts';
import { StreamMoves } from './stream-moves.ts';
import type { ViewSession } from './view-session.ts';
import { ViewerAdmission } from './viewer-admission.ts';
import { RtcPort } from './webrtc/rtc-port.ts';
import { WhipIngest } from './webrtc/whip-ingest.ts';
import { ViewerEndpoint } from './websocket/viewer-endpoint.ts';
import { webSocketFmp4 } from './websocket/websocket-fmp4.ts';

export interface MediaBroadcastingOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly authorizer: Authorizer;
  readonly tokens: TokenIssuer;
  readonly commands: DeviceCommands;
  readonly channels: DeviceChannels;
  readonly principalFromRequest: PrincipalFromRequest;
  readonly audit: ViewAudit;
  /** Origin under which devices and users reach this server, `http` or `https`, without a slash at the end. */
  readonly publicUrl: () => string;
  readonly ports: MediaPorts;
  readonly headroom: MediaHeadroom;
  /** Who of the processes of one platform has a stream; `undefined` when this is the only one. */
  readonly origins?: Origins | undefined;
  readonly placeElsewhere?: PlaceElsewhere | undefined;
  readonly offerSession?: OfferSession | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** One session that watches. */
export type LiveViewer = Omit<Viewer, 'userName'>;

export interface MediaBroadcastingSnapshot extends Readonly<MediaCounters> {
  /** Streams a device publishes now. */
  readonly streams: number;
  /** Live sessions. */
  readonly sessions: number;
  /** Open viewer connections. */
  readonly viewers: number;
}

/** A push that is wanted without anybody who watches. */
export interface PushWish extends Pick<MediaSource, 'channel' | 'stream'> {
  readonly ttlSec: number;
}

/** Viewers who are sent away come back in so many parts, and not all at once. */
const DISMISSALS = 20;

/**
 * Live video: devices push one stream each, any number of users watch it. Recordings of devices: each is pushed for who plays it.
 * @see H.627.2 9.3.3 (titles only); profile hss-open-1, B6 and C5
 */
export class MediaBroadcasting implements AsyncDisposable {
  private readonly options: MediaBroadcastingOptions;
  private readonly lifetime: Lifetime;
  private readonly addresses: LiveAddresses;
  private readonly broadcasts: Broadcasts;
  private readonly admission: ViewerAdmission;
  /** Moves streams to other processes, and takes theirs. */
  readonly moves: StreamMoves;
  private readonly rights: SessionRights;
  private readonly outputs: readonly LiveOutput[];
  private readonly rtmp: RtmpIngest;
  private readonly rtc: RtcPort;
  private readonly whip: WhipIngest;
  /** Recordings of devices, which move to other processes with their sessions. */
  readonly playbacks: Playbacks;
  private readonly counters: MediaCounters = { bytesIn: 0, bytesOut: 0, skips: 0, tooSlow: 0 };

  constructor(options: MediaBroadcastingOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
    this.broadcasts = new Broadcasts({
      ...options,
      counters: this.counters,
      targetOf: (source, session) => this.addresses.forPublisher(source, session),
    });
    this.admission = new ViewerAdmission({ ...options, broadcasts: this.broadcasts });
    this.moves = new StreamMoves({ ...options, broadcasts: this.broadcasts });
    this.rights = new SessionRights({
      ...options,
      sessions: () => this.allSessions(),
      onDeviceRevoked: (deviceId) => this.broadcasts.endForeign(deviceId),
    });
    this.rtc = new RtcPort(options.ports.webrtc, options.logger);
    this.outputs = createLiveOutputs({ ...options, admission: this.admission, counters: this.counters }, this.rtc);
    this.whip = new WhipIngest({ ...options, port: this.rtc, counters: this.counters, streamOf: (claims) => this.streamOf(claims) });
    this.rtmp = new RtmpIngest({
      ...options,
      ports: options.ports.rtmp,
      counters: this.counters,
      sessionOf: (sessionId) => this.publishGrantOf(sessionId),
    });
    this.addresses = new LiveAddresses({ ...options, outputs: this.outputs, rtmp: this.rtmp, whip: this.whip });
    this.playbacks = new Playbacks({ ...options, addresses: this.addresses, counters: this.counters });
  }

  /** Begins to take publishers and viewers on `http`, and to look after the rights of those who watch. */
  start(http: HttpServer): void {
    const { bus, clock, logger, origins, tokens } = this.options;
    const { admission, broadcasts, counters, playbacks } = this;
    const ingest = new IngestEndpoint({ tokens, clock, logger, counters, streamOf: (claims) => this.streamOf(claims) });
    const viewing = new ViewerEndpoint({
      ...this.options,
      admit: (credentials, url) => admission.admit(credentials, parseLivePath(url.pathname)?.source),
      outputOf: async (session, { signal, url }) =>
        (await admission.broadcastOf(session, { signal })).fanOut(webSocketFmp4, { sound: wantsSound(url), latency: latencyOf(url) }),
    });
    const playing = new ViewerEndpoint({
      ...this.options,
      admit: (credentials, url) => playbacks.admit(credentials, playbackOfPath(url.pathname)),
      outputOf: async (session) => playbacks.outputOf(session),
    });
    http.onUpgrade(isIngestPath, ingest.handle);
    this.whip.start(http);
    http.onUpgrade((path) => parseLivePath(path)?.what === 'ws', viewing.handle);
    http.onUpgrade((path) => playbackOfPath(path) !== undefined, playing.handle);
    if (origins !== undefined) {
      const pulling = new PullEndpoint({ ...this.options, origins, admission, broadcastOf: (source) => broadcasts.of(source) });
      http.onUpgrade((path) => pulledSourceOf(path) !== undefined, pulling.handle);
    }
    for (const output of this.outputs) output.start(http);
    this.lifetime.own(
      bus.subscribe('device', ({ deviceId }) => {
        for (const { push } of broadcasts.ofDevice(deviceId)) push.onDeviceChanged();
      }),
    );
    this.rights.start();
  }

  /** Shows another certificate to devices that publish over TLS, from the next connection on. */
  useRtmpsCertificate(pair: TlsPair): void {
    this.rtmp.useCertificate(pair);
  }

  /** Shows another certificate to those who watch over TLS on a port of its own, from the next connection on. */
  useCertificate(pair: TlsPair): void {
    for (const output of this.outputs) output.useCertificate?.(pair);
  }

  /** Opens the ports besides that of HTTP, which is open. */
  async openPorts(): Promise<void> {
    await this.rtmp.openPorts();
    await this.rtc.open();
    for (const output of this.outputs) await output.openPort?.();
  }

  /**
   * A session to watch one stream; resolves once the device agreed to push it. It lives for a minute, longer by `renew` or
   * by an open connection.
   * @throws AppError CHANNEL_NOT_FOUND | STREAM_NOT_FOUND | LIMIT_EXCEEDED | DEVICE_OFFLINE | DEVICE_ASLEEP | CANCELLED | what the device
   * answered, kept in `remote`
   */
  async startLive(
    proof: DeviceProof<'view.live'>,
    { channel, stream }: Pick<MediaSource, 'channel' | 'stream'>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<LiveSession> {
    const session = await this.admission.open(proof, { deviceId: proof.deviceId, channel, stream });
    try {
      await this.admission.broadcastOf(session, { signal });
      return await this.addresses.forViewer(session);
    } catch (error) {
      session.end(closeCodes.NORMAL.code, 'not started');
      throw error;
    }
  }

  /**
   * A session to watch a recording of the device; resolves once the device agreed to push it. It lives for a minute, longer
   * by an open connection. Control goes by the messages `playback.control` and `playback.getStatus`.
   * @throws AppError CHANNEL_NOT_FOUND | LIMIT_EXCEEDED | DEVICE_OFFLINE | DEVICE_ASLEEP | CANCELLED | what the device answered,
   * kept in `remote`
   */
  async startPlayback(
    proof: DeviceProof<'view.recordings'>,
    wish: PlaybackWish,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PlaybackSession> {
    return await this.playbacks.start(proof, wish, options);
  }

  /** Where the device publishes a playback that is asked for by a plain message. @throws AppError LIMIT_EXCEEDED | FORBIDDEN */
  async playbackTarget(proof: DeviceProof, wanted: { readonly channel: number; readonly sessionId: string }): Promise<PushTarget> {
    return await this.playbacks.targetFor(proof, wanted);
  }

  /**
   * The session of a push that is asked for by a plain message, and where the device publishes it. It is the one all viewers
   * share; without any it goes on for `ttlSec`.
   * @throws AppError DEVICE_OFFLINE | DEVICE_ASLEEP | CANCELLED | what the device answered, kept in `remote`
   */
  async pushTarget(
    proof: Pick<DeviceProof, 'deviceId' | 'homeId' | 'epoch'>,
    { channel, stream, ttlSec }: PushWish,
  ): Promise<{ readonly sessionId: string; readonly target: PushTarget }> {
    const source = { deviceId: proof.deviceId, channel, stream };
    const broadcast = this.broadcasts.ensure(proof, source);
    try {
      await broadcast.push.agreement({});
      const { sessionId } = broadcast.push;
      if (sessionId === undefined) throw new AppError('CANCELLED');
      return { sessionId, target: await this.addresses.forPublisher(source, { epoch: proof.epoch, sessionId }) };
    } finally {
      broadcast.keepFor(ttlSec * 1_000);
    }
  }

  /** Another minute, with a fresh token. @throws AppError SESSION_NOT_FOUND when it is over, or not this user's */
  async renew(maker: SessionMaker, sessionId: string): Promise<LiveSession> {
    const session = this.sessionOf(maker, sessionId);
    await this.rights.recheck(session);
    if (session.ended) throw new AppError('SESSION_NOT_FOUND');
    session.renew();
    return await this.addresses.forViewer(session);
  }

  /** Closes the connections of the session and ends its token. @throws AppError SESSION_NOT_FOUND when it is over, or not this user's */
  end(maker: SessionMaker, sessionId: string): void {
    this.sessionOf(maker, sessionId).end(closeCodes.NORMAL.code, 'ended');
  }

  /** Whether a device is to push anything at present. */
  isUsed(deviceId: string): boolean {
    return this.broadcasts.ofDevice(deviceId).length > 0 || this.playbacks.isUsed(deviceId);
  }

  /** Who watches a device now. */
  viewers(proof: DeviceProof<'view.live'>): readonly LiveViewer[] {
    const ofDevice = this.broadcasts.ofDevice(proof.deviceId).filter(({ epoch }) => epoch === proof.epoch);
    return ofDevice.flatMap(({ sessions, source: { channel, stream } }) =>
      sessions
        .filter(({ claims }) => claims.userId !== NOBODY)
        .map(({ id, claims, startedAt, connections }) => ({
          sessionId: id,
          userId: claims.userId,
          channel,
          stream,
          startedAt,
          connections: [...connections],
        })),
    );
  }

  /** The right a view token stands for, while its session lives. @throws AppError UNAUTHORIZED whatever is wrong with it */
  async rightOfToken(token: string, source: MediaSource): Promise<DeviceProof<'view.live'>> {
    const { claims } = await this.admission.sessionOfToken(token, source);
    return await this.options.authorizer.ticket(claims, 'view.live');
  }

  /** Whether somebody watches a stream here, got from the device or from another process. */
  has(source: MediaSource): boolean {
    return this.broadcasts.of(source) !== undefined;
  }

  /** Whether a session, live or recorded, is here. */
  holds(sessionId: string): boolean {
    return this.admission.holds(sessionId) || this.playbacks.holds(sessionId);
  }

  /** Sends everybody who watches away within `overMs`, to come back to another process. */
  async dismissViewers(overMs: number): Promise<void> {
    const sessions = this.allSessions();
    const size = Math.ceil(sessions.length / DISMISSALS);
    for (let from = 0; from < sessions.length; from += size) {
      for (const session of sessions.slice(from, from + size)) session.end(closeCodes.SERVICE_RESTART.code, 'moved');
      await sleep(this.options.clock, overMs / DISMISSALS, { signal: this.lifetime.signal });
    }
  }

  snapshot(): MediaBroadcastingSnapshot {
    const broadcasts = this.broadcasts.all;
    return {
      ...this.counters,
      streams: broadcasts.filter(({ stream }) => stream.publishing).length,
      sessions: this.admission.sessions.length,
      viewers: broadcasts.reduce((sum, { viewers }) => sum + viewers, this.playbacks.viewers),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rights[Symbol.asyncDispose]();
    await this.lifetime[Symbol.asyncDispose]();
    this.playbacks.endAll();
    await this.broadcasts.endAll();
    this.whip.close();
    await Promise.all([this.rtmp.close(), ...this.outputs.map((output) => output.close?.())]);
    this.rtc.close();
  }

  private async streamOf(claims: TokenClaims['vm-publish']): Promise<LiveStream> {
    if ((await this.broadcasts.epochOf(claims.deviceId)) !== claims.epoch) throw new AppError('UNAUTHORIZED');
    return claims.kind === 'playback' ? this.playbacks.streamOf(claims) : this.broadcasts.streamOf(claims);
  }

  private async publishGrantOf(sessionId: string): Promise<PublishGrant> {
    const broadcast = this.broadcasts.publishedAs(sessionId);
    const claims =
      broadcast === undefined
        ? this.playbacks.publisherOf(sessionId)
        : ({ ...broadcast.source, epoch: broadcast.epoch, sessionId, kind: 'live' } as const);
    return { claims, stream: await this.streamOf(claims) };
  }

  private sessionOf(maker: SessionMaker, sessionId: string): ViewSession {
    return this.playbacks.holds(sessionId) ? this.playbacks.sessionOf(maker, sessionId) : this.admission.sessionOf(maker, sessionId);
  }

  private allSessions(): readonly ViewSession[] {
    return [...this.admission.sessions, ...this.playbacks.sessions];
  }
}
