import type { LiveSession, PlaybackSession } from '@cardea/api';
import { AppError, type Clock, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import type { PushTarget, StreamName } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof, Principal } from '../authorization/proof.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { Bus, BusMessageOf, Db } from '../store/ports.ts';
import type { TokenClaims, TokenIssuer } from '../tokens/token-issuer.ts';
import { Broadcast } from './broadcast.ts';
import type { LiveState } from './device-push.ts';
import type { Fmp4Output } from './fmp4-output.ts';
import { IngestEndpoint, isIngestPath } from './ingest-endpoint.ts';
import { LiveAddresses } from './live-addresses.ts';
import type { LiveStream } from './live-stream.ts';
import { Playbacks, type PlaybackWish, playbackOfPath } from './playbacks.ts';
import type { DeviceChannels, DeviceCommands, MediaCounters, MediaSource, PrincipalFromRequest, ViewAudit } from './ports.ts';
import { ViewSession } from './view-session.ts';
import { type Admission, sourceOfPath, ViewerEndpoint } from './viewer-endpoint.ts';

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
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** One session that watches. */
export interface LiveViewer {
  readonly sessionId: string;
  readonly userId: string;
  readonly channel: number;
  readonly stream: StreamName;
  readonly startedAt: number;
}

export interface MediaBroadcastingSnapshot extends Readonly<MediaCounters> {
  /** Streams a device publishes now. */
  readonly streams: number;
  /** Live sessions. */
  readonly sessions: number;
  /** Open viewer connections. */
  readonly viewers: number;
}

const RECHECK_MS = 30_000;
/** Live sessions of one stream; the next one gets 429. */
const MAX_SESSIONS_PER_STREAM = 5_000;
const CLOSE_NORMAL = 1000;
const CLOSE_POLICY = 1008;

/**
 * Live video: devices push one stream each, any number of users watch it. Recordings of devices: each is pushed for who plays it.
 * @see H.627.2 9.3.3 (titles only); profile hss-open-1, B6 and C5
 */
export class MediaBroadcasting implements AsyncDisposable {
  private readonly options: MediaBroadcastingOptions;
  private readonly lifetime: Lifetime;
  private readonly addresses: LiveAddresses;
  private readonly broadcasts = new Map<string, Broadcast>();
  private readonly sessions = new Map<string, ViewSession>();
  private readonly playbacks: Playbacks;
  private readonly counters: MediaCounters = { bytesIn: 0, bytesOut: 0, skips: 0, tooSlow: 0 };

  constructor(options: MediaBroadcastingOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
    this.addresses = new LiveAddresses(options);
    this.playbacks = new Playbacks({ ...options, addresses: this.addresses, counters: this.counters });
  }

  /** Begins to take publishers and viewers on `http`, and to look after the rights of those who watch. */
  start(http: HttpServer): void {
    const { bus, clock, logger, principalFromRequest, tokens } = this.options;
    const { counters } = this;
    const ingest = new IngestEndpoint({ tokens, clock, logger, counters, streamOf: (claims) => this.streamOf(claims) });
    const viewing = new ViewerEndpoint({
      clock,
      logger,
      principalFromRequest,
      targetOf: sourceOfPath,
      sessionOfToken: (token, source) => this.sessionOfToken(token, source),
      openSession: (principal, source) => this.openSession(principal, source),
      outputOf: (session, { signal }) => this.outputOf(session, signal),
    });
    http.onUpgrade(isIngestPath, ingest.handle);
    const playing = new ViewerEndpoint({
      clock,
      logger,
      principalFromRequest,
      targetOf: playbackOfPath,
      sessionOfToken: (token, sessionId) => this.playbacks.sessionOfToken(token, sessionId),
      openSession: async (principal, sessionId) => ({ session: this.playbacks.sessionOf(principal, sessionId) }),
      outputOf: async (session) => this.playbacks.outputOf(session),
    });
    http.onUpgrade((path) => sourceOfPath(path) !== undefined, viewing.handle);
    http.onUpgrade((path) => playbackOfPath(path) !== undefined, playing.handle);
    this.lifetime.own(bus.subscribe('device', ({ deviceId }) => this.onDevice(deviceId)));
    this.lifetime.own(bus.subscribe('revoked', (message) => this.onRevoked(message)));
    this.lifetime.run('re-check of viewers', (signal) => this.recheckForever(signal));
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
    const session = await this.open(proof, { deviceId: proof.deviceId, channel, stream });
    try {
      await this.outputOf(session, signal);
      return await this.addresses.forViewer(session);
    } catch (error) {
      session.end(CLOSE_NORMAL, 'not started');
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

  /** Another minute, with a fresh token. @throws AppError SESSION_NOT_FOUND when it is over, or not this user's */
  async renew(principal: Principal, sessionId: string): Promise<LiveSession> {
    const session = this.sessionOf(principal, sessionId);
    await this.recheck(session);
    if (session.ended) throw new AppError('SESSION_NOT_FOUND');
    session.renew();
    return await this.addresses.forViewer(session);
  }

  /** Closes the connections of the session and ends its token. @throws AppError SESSION_NOT_FOUND when it is over, or not this user's */
  end(principal: Principal, sessionId: string): void {
    this.sessionOf(principal, sessionId).end(CLOSE_NORMAL, 'ended');
  }

  /** Whether a device is to push anything at present. */
  isUsed(deviceId: string): boolean {
    return this.broadcastsOf(deviceId).length > 0 || this.playbacks.isUsed(deviceId);
  }

  /** Who watches a device now. */
  viewers(proof: DeviceProof<'view.live'>): readonly LiveViewer[] {
    const ofDevice = this.broadcastsOf(proof.deviceId).filter(({ epoch }) => epoch === proof.epoch);
    return ofDevice.flatMap(({ sessions, source: { channel, stream } }) =>
      sessions.map(({ id, claims, startedAt }) => ({ sessionId: id, userId: claims.userId, channel, stream, startedAt })),
    );
  }

  /** The right a view token stands for, while its session lives. @throws AppError UNAUTHORIZED whatever is wrong with it */
  async rightOfToken(token: string, source: MediaSource): Promise<DeviceProof<'view.live'>> {
    const { claims } = await this.sessionOfToken(token, source);
    return await this.options.authorizer.ticket(claims, 'view.live');
  }

  snapshot(): MediaBroadcastingSnapshot {
    const broadcasts = [...this.broadcasts.values()];
    return {
      ...this.counters,
      streams: broadcasts.filter(({ stream }) => stream.publishing).length,
      sessions: this.sessions.size,
      viewers: broadcasts.reduce((sum, { fmp4 }) => sum + fmp4.viewers, this.playbacks.viewers),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
    this.playbacks.endAll();
    await Promise.all([...this.broadcasts.values()].map((broadcast) => broadcast.end()));
  }

  private async open(proof: DeviceProof<'view.live'>, source: MediaSource): Promise<ViewSession> {
    await this.options.channels.assertSource(source);
    const { action, epoch, principal } = proof;
    const { userId, userSessionId } = principal;
    const sessionId = this.options.random.ulid();
    const broadcast = this.broadcastFor(proof, source);
    if (broadcast.sessions.length >= MAX_SESSIONS_PER_STREAM) throw new AppError('LIMIT_EXCEEDED');
    const session = new ViewSession({
      claims: { ...source, userId, userSessionId, epoch, action, sessionId },
      clock: this.options.clock,
      onEnded: (ended) => {
        this.sessions.delete(ended.id);
        broadcast.remove(ended);
      },
    });
    this.sessions.set(sessionId, session);
    broadcast.add(session);
    session.renew();
    return session;
  }

  private broadcastFor({ homeId, epoch }: DeviceProof<'view.live'>, source: MediaSource): Broadcast {
    const key = keyOf(source);
    const running = this.broadcasts.get(key);
    if (running?.epoch === epoch) return running;
    // The device was bound anew since: nobody of the home before may see on.
    void running?.end();
    const broadcast: Broadcast = new Broadcast({
      ...this.options,
      source,
      homeId,
      epoch,
      counters: this.counters,
      mintTarget: (sessionId) => this.addresses.forPublisher(source, { epoch, sessionId }),
      onState: (state) => this.publishState(broadcast, state),
      onOver: () => {
        if (this.broadcasts.get(key) === broadcast) this.broadcasts.delete(key);
      },
    });
    this.broadcasts.set(key, broadcast);
    return broadcast;
  }

  private sessionOf({ userId }: Principal, sessionId: string): ViewSession {
    const session = this.sessions.get(sessionId);
    if (session === undefined || session.claims.userId !== userId) throw new AppError('SESSION_NOT_FOUND');
    return session;
  }

  private async sessionOfToken(token: string, { deviceId, channel, stream }: MediaSource): Promise<ViewSession> {
    const claims = await this.options.tokens.verify('view', token);
    const session = this.sessions.get(claims.sessionId);
    const fits = claims.deviceId === deviceId && claims.channel === channel && claims.stream === stream;
    if (session === undefined || !fits) throw new AppError('UNAUTHORIZED');
    await this.options.authorizer.ticket(claims, 'view.live');
    return session;
  }

  /** Nobody else knows of a session made for one connection, so it ends with it. */
  private async openSession(principal: Principal, source: MediaSource): Promise<Admission> {
    const { audit, authorizer } = this.options;
    const { channel, deviceId, stream } = source;
    const proof = await authorizer.device(principal, 'view.live', deviceId);
    // Whoever opens the address alone has made no session that was written down.
    await audit.record({ action: 'live.create', userId: principal.userId, homeId: proof.homeId, deviceId, detail: { channel, stream } });
    const session = await this.open(proof, source);
    return { session, onClosed: () => session.end(CLOSE_NORMAL, 'closed') };
  }

  private async outputOf(session: ViewSession, signal: AbortSignal | undefined): Promise<Fmp4Output> {
    const broadcast = this.broadcasts.get(keyOf(session.claims));
    if (broadcast === undefined || session.ended) throw new AppError('SESSION_NOT_FOUND');
    await broadcast.push.agreement({ ...(signal && { signal }) });
    return broadcast.fmp4;
  }

  private async streamOf(claims: TokenClaims['vm-publish']): Promise<LiveStream> {
    if ((await this.epochOf(claims.deviceId)) !== claims.epoch) throw new AppError('UNAUTHORIZED');
    if (claims.kind === 'playback') return this.playbacks.streamOf(claims);
    const broadcast = this.broadcasts.get(keyOf(claims));
    if (broadcast?.push.sessionId !== claims.sessionId) throw new AppError('SESSION_NOT_FOUND');
    return broadcast.stream;
  }

  private publishState({ homeId, source }: Broadcast, state: LiveState): void {
    this.options.bus.publish({ type: 'live', homeId, ...source, state });
  }

  private onDevice(deviceId: string): void {
    for (const { push } of this.broadcastsOf(deviceId)) push.onDeviceChanged();
  }

  private onRevoked({ scope, id }: BusMessageOf<'revoked'>): void {
    const member = { user: 'userId', session: 'userSessionId', device: 'deviceId' } as const;
    const concerned = this.allSessions().filter(({ claims }) => claims[member[scope]] === id);
    this.lifetime.run('re-check after a revocation', async () => {
      await Promise.all(concerned.map((session) => this.recheck(session)));
      if (scope === 'device') await this.endForeign(id);
    });
  }

  /** Ends what a device pushes for a home it no longer belongs to. */
  private async endForeign(deviceId: string): Promise<void> {
    const epoch = await this.epochOf(deviceId);
    const foreign = this.broadcastsOf(deviceId).filter((broadcast) => broadcast.epoch !== epoch);
    await Promise.all(foreign.map((broadcast) => broadcast.end()));
  }

  private async recheckForever(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.options.clock, RECHECK_MS, { signal });
      for (const session of this.allSessions()) await this.recheck(session);
    }
  }

  private allSessions(): readonly ViewSession[] {
    return [...this.sessions.values(), ...this.playbacks.sessions];
  }

  private async recheck(session: ViewSession): Promise<void> {
    try {
      await this.options.authorizer.ticket(session.claims, session.claims.action);
    } catch {
      session.end(CLOSE_POLICY, 'revoked');
    }
  }

  private async epochOf(deviceId: string): Promise<number | undefined> {
    const row = await this.options.db
      .selectFrom('device')
      .select('binding_epoch')
      .where('id', '=', deviceId)
      .where('disabled', '=', 0)
      .where('home_id', 'is not', null)
      .executeTakeFirst();
    return row?.binding_epoch;
  }

  private broadcastsOf(deviceId: string): readonly Broadcast[] {
    return [...this.broadcasts.values()].filter(({ source }) => source.deviceId === deviceId);
  }
}

function keyOf({ deviceId, channel, stream }: { readonly deviceId: string; readonly channel: number; readonly stream: string }): string {
  return `${deviceId}/${channel}/${stream}`;
}
