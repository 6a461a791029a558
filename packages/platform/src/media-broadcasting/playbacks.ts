import type { PlaybackSession } from '@cardea/api';
import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import { closeCodes, type PushTarget, type StreamName, startPlaying } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof, SessionMaker } from '../authorization/proof.ts';
import type { TokenClaims, TokenIssuer } from '../tokens/token-issuer.ts';
import type { FanOut } from './fan-out.ts';
import type { LiveAddresses } from './live-addresses.ts';
import type { LiveStream } from './live-stream.ts';
import type { DeviceCommands, MediaCounters, MovablePlayback, OfferSession } from './ports.ts';
import { RecordedBroadcast } from './recorded-broadcast.ts';
import { MOVE_MS } from './stream-moves.ts';
import { ViewSession } from './view-session.ts';
import type { Admission } from './viewer-admission.ts';
import { admitBy, type ViewerCredentials } from './viewer-credentials.ts';

export interface PlaybacksOptions {
  readonly authorizer: Authorizer;
  readonly tokens: TokenIssuer;
  readonly commands: DeviceCommands;
  readonly addresses: LiveAddresses;
  readonly counters: MediaCounters;
  readonly offerSession?: OfferSession | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What of a recording is wanted: wall times in Unix milliseconds, speed as a factor. */
export interface PlaybackWish {
  readonly channel: number;
  readonly startAt: number;
  readonly endAt?: number | undefined;
  readonly speed?: number | undefined;
}

/** A device has few; this bounds what is asked for and never comes. */
const MAX_PER_DEVICE = 8;
/** Which stream was recorded only the device knows; its token names the best. */
const STREAM: StreamName = 'main';
const playbackPath = /^\/playback\/([0-9A-Z]{26})\/ws$/;

/** The session `/playback/{sessionId}/ws` names; `undefined` for another path. */
export function playbackOfPath(path: string): string | undefined {
  return playbackPath.exec(path)?.[1];
}

/** Recordings of devices that are being watched, each by the user who asked for it (B5.23-25, C6). */
export class Playbacks {
  private readonly options: PlaybacksOptions;
  private readonly broadcasts = new Map<string, RecordedBroadcast>();

  constructor(options: PlaybacksOptions) {
    this.options = options;
  }

  get sessions(): readonly ViewSession[] {
    return [...this.broadcasts.values()].map(({ session }) => session);
  }

  /** Open viewer connections. */
  get viewers(): number {
    return [...this.broadcasts.values()].reduce((sum, { fmp4 }) => sum + fmp4.viewers, 0);
  }

  /** Whether the session is here. */
  holds(sessionId: string): boolean {
    return this.broadcasts.has(sessionId);
  }

  isUsed(deviceId: string): boolean {
    return this.of(deviceId).length > 0;
  }

  async start(
    proof: DeviceProof<'view.recordings'>,
    { channel, startAt, endAt, speed }: PlaybackWish,
    { signal }: { readonly signal?: AbortSignal },
  ): Promise<PlaybackSession> {
    const { addresses, commands, random } = this.options;
    const sessionId = random.ulid();
    const target = await this.targetFor(proof, { channel, sessionId });
    const { session } = this.get(sessionId);
    try {
      const params = { sessionId, channel, startAt, target, ...(endAt !== undefined && { endAt }), ...(speed !== undefined && { speed }) };
      const answer = await commands.call(proof.deviceId, startPlaying, params, { ...(signal && { signal }) });
      const { actualStartAt } = answer;
      return { ...(await addresses.forViewer(session)), actualStartAt, ...(answer.endAt !== undefined && { endAt: answer.endAt }) };
    } catch (error) {
      session.end(closeCodes.NORMAL.code, 'not started');
      throw error;
    }
  }

  /**
   * Expects the device to publish the session, and says where. Repeated by the same user it is the same session.
   * @throws AppError LIMIT_EXCEEDED | FORBIDDEN when it is somebody else's
   */
  async targetFor(
    { deviceId, epoch, principal, until }: DeviceProof,
    { channel, sessionId }: { readonly channel: number; readonly sessionId: string },
  ): Promise<PushTarget> {
    const { userId, userSessionId } = principal;
    const source = { deviceId, channel, stream: STREAM };
    const known = this.broadcasts.get(sessionId)?.session.claims;
    if (known !== undefined && (known.userId !== userId || known.deviceId !== deviceId)) throw new AppError('FORBIDDEN');
    if (known === undefined) this.add({ ...source, userId, userSessionId, epoch, action: 'view.recordings', sessionId }, until);
    return await this.options.addresses.forPublisher(source, { epoch, sessionId, kind: 'playback' });
  }

  /** What the publisher of a session may publish. @throws AppError SESSION_NOT_FOUND when nobody asked for it */
  publisherOf(sessionId: string): TokenClaims['vm-publish'] {
    const { deviceId, channel, stream, epoch } = this.get(sessionId).session.claims;
    return { deviceId, channel, stream, epoch, sessionId, kind: 'playback' };
  }

  /** @throws AppError SESSION_NOT_FOUND when nobody asked for it */
  streamOf({ sessionId, deviceId, epoch }: TokenClaims['vm-publish']): LiveStream {
    const { session, stream } = this.get(sessionId);
    if (session.claims.deviceId !== deviceId || session.claims.epoch !== epoch) throw new AppError('SESSION_NOT_FOUND');
    return stream;
  }

  /** @throws AppError UNAUTHORIZED whatever is wrong with a token; SESSION_NOT_FOUND for a user whose session it is not */
  async admit(credentials: ViewerCredentials, sessionId: string | undefined): Promise<Admission> {
    const session = await admitBy(sessionId, credentials, {
      byToken: (token, id) => this.sessionOfToken(token, id),
      byPrincipal: async (principal, id) => this.sessionOf(principal, id),
    });
    return { session, onClosed: () => {} };
  }

  outputOf({ id }: ViewSession): FanOut {
    return this.get(id).fmp4;
  }

  /** @throws AppError SESSION_NOT_FOUND when it is over, or not this user's */
  sessionOf(maker: SessionMaker, sessionId: string): ViewSession {
    const session = this.broadcasts.get(sessionId)?.session;
    if (session?.isOf(maker) !== true) throw new AppError('SESSION_NOT_FOUND');
    return session;
  }

  /** What devices publish here and can be led away. */
  movable(): readonly MovablePlayback[] {
    return [...this.broadcasts.values()]
      .filter(({ stream }) => stream.publishing && stream.canRedirect)
      .map(({ session }) => session.claims);
  }

  /**
   * Leaves a session to the process that said `target`, where it goes on as it is. Resolves when the device publishes here no more, or is
   * late; its viewers are sent there.
   */
  async handOver(sessionId: string, target: PushTarget): Promise<void> {
    const broadcast = this.broadcasts.get(sessionId);
    if (broadcast === undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    using _late = this.options.clock.setTimer(MOVE_MS, resolve);
    broadcast.handOver(target, resolve);
    await promise;
    broadcast.session.end(closeCodes.SERVICE_RESTART.code, 'moved');
  }

  endAll(): void {
    for (const { session } of [...this.broadcasts.values()]) session.end(closeCodes.GOING_AWAY.code, 'going away');
  }

  private add(claims: TokenClaims['view'], rightUntil: number | undefined): void {
    const { clock } = this.options;
    this.makeRoomFor(claims.deviceId);
    const session = new ViewSession({
      claims,
      rightUntil,
      clock,
      onEnded: () => {
        this.broadcasts.delete(claims.sessionId);
        offered?.[Symbol.dispose]();
        broadcast.end();
      },
    });
    const broadcast = new RecordedBroadcast({ ...this.options, session });
    this.broadcasts.set(claims.sessionId, broadcast);
    const offered = this.options.offerSession?.(claims.sessionId);
    session.renew();
  }

  /** A session the device never published is only waited for: the oldest such gives way. */
  private makeRoomFor(deviceId: string): void {
    const running = this.of(deviceId);
    if (running.length < MAX_PER_DEVICE) return;
    const idle = running.find(({ stream, fmp4 }) => !stream.publishing && fmp4.viewers === 0);
    if (idle === undefined) throw new AppError('LIMIT_EXCEEDED');
    idle.session.end(closeCodes.NORMAL.code, 'never started');
  }

  private async sessionOfToken(token: string, sessionId: string): Promise<ViewSession> {
    const { tokens, authorizer } = this.options;
    const claims = await tokens.verify('view', token);
    const session = this.broadcasts.get(sessionId)?.session;
    if (session === undefined || claims.sessionId !== sessionId) throw new AppError('UNAUTHORIZED');
    await authorizer.ticket(claims, 'view.recordings');
    return session;
  }

  private get(sessionId: string): RecordedBroadcast {
    const broadcast = this.broadcasts.get(sessionId);
    if (broadcast === undefined) throw new AppError('SESSION_NOT_FOUND', { sessionId });
    return broadcast;
  }

  private of(deviceId: string): readonly RecordedBroadcast[] {
    return [...this.broadcasts.values()].filter(({ session }) => session.claims.deviceId === deviceId);
  }
}
