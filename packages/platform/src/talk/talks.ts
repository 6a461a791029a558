import type { IncomingMessage } from 'node:http';
import type { TalkSession as Talk } from '@cardea/api';
import { AppError, type Clock, hasStatus, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import { type AudioCodec, closeCodes, type ParamsOf, paths, startTalking, stopTalking } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof, SessionMaker } from '../authorization/proof.ts';
import { isConcerned } from '../authorization/revocation.ts';
import { bearerToken } from '../http/bearer-token.ts';
import type { HttpServer } from '../http/http-server.ts';
import type { Bus, BusMessageOf } from '../store/ports.ts';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import type { DeviceChannels, DeviceCommands, PrincipalFromRequest } from './ports.ts';
import { TalkEndpoint } from './talk-endpoint.ts';
import { type TalkFormat, talkFormats } from './talk-format.ts';
import { TALK_TTL_SEC, TalkSession } from './talk-session.ts';

export interface TalksOptions {
  readonly bus: Bus;
  readonly authorizer: Authorizer;
  readonly tokens: TokenIssuer;
  readonly commands: DeviceCommands;
  readonly channels: DeviceChannels;
  readonly principalFromRequest: PrincipalFromRequest;
  /** Origin under which devices and users reach this server. */
  readonly publicUrl: () => string;
  /** Lets the other processes of the platform reach a talk that is here, until disposed. */
  readonly offerTalk?: (talk: TalkName) => Disposable;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A talk and where it is held. */
export interface TalkName {
  readonly sessionId: string;
  readonly deviceId: string;
  readonly channel: number;
}

export interface TalkWish {
  readonly channel: number;
  /** What the user can send, best first. */
  readonly codecs?: readonly AudioCodec[] | undefined;
}

/** What browsers can send; nobody codes AAC in frames of 20 ms. */
const browserCodecs: readonly AudioCodec[] = ['opus', 'g711u', 'g711a'];
const RECHECK_MS = 30_000;
/** The token works only while its session lives, which is what bounds it. */
const TOKEN_TTL_MS = 24 * 60 * 60_000;
const userPath = /^\/talk\/([0-9A-Z]{26})$/;
const devicePath = new RegExp(`^${paths.vm}/talk/([0-9A-Z]{26})$`);

/**
 * Users who speak through the loudspeakers of devices, one at a time on each channel: the platform asks the device to fetch the
 * sound (extension talk.start) and hands on what the user sends (carrier wss-audio).
 */
export class Talks implements AsyncDisposable {
  private readonly options: TalksOptions;
  private readonly lifetime: Lifetime;
  private readonly sessions = new Map<string, TalkSession>();

  constructor(options: TalksOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
  }

  get count(): number {
    return this.sessions.size;
  }

  /** Whether the session is here. */
  holds(sessionId: string): boolean {
    return this.sessions.has(sessionId);
  }

  /** Whether somebody talks here on the channel. */
  holdsChannel({ channel, deviceId }: Omit<TalkName, 'sessionId'>): boolean {
    return [...this.sessions.values()].some(({ claims }) => claims.deviceId === deviceId && claims.channel === channel);
  }

  /** Begins to take users and devices on `http`, and to look after the rights of those who talk. */
  start(http: HttpServer): void {
    const { bus, clock, logger } = this.options;
    const users = new TalkEndpoint({
      clock,
      logger,
      admit: (request, url) => this.admitUser(request, url),
      attach: (session, link) => session.attachTalker(link),
    });
    const devices = new TalkEndpoint({
      clock,
      logger,
      admit: (request, url) => this.admitDevice(request, url),
      attach: (session, link) => session.attachDevice(link),
    });
    http.onUpgrade((path) => userPath.test(path), users.handle);
    http.onUpgrade((path) => devicePath.test(path), devices.handle);
    this.lifetime.own(bus.subscribe('revoked', (message) => this.onRevoked(message)));
    this.lifetime.run('re-check of talks', (signal) => this.recheckForever(signal));
  }

  /** Whether somebody talks through the device. */
  isUsed(deviceId: string): boolean {
    return [...this.sessions.values()].some(({ claims }) => claims.deviceId === deviceId);
  }

  /**
   * A session to talk; resolves once the device agreed to play it. It lives for twenty seconds, longer by an open connection.
   * Whoever talks already on that channel and asks again ends their older session.
   * @throws AppError CHANNEL_NOT_FOUND | NOT_SUPPORTED | CODEC_UNSUPPORTED | ALREADY_ACTIVE while somebody else talks |
   * DEVICE_OFFLINE | DEVICE_ASLEEP | CANCELLED | what the device answered, kept in `remote`
   */
  async open(
    proof: DeviceProof<'control'>,
    { channel, codecs = browserCodecs }: TalkWish,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Talk> {
    const formats = talkFormats(await this.options.channels.lensOf(proof.deviceId, channel), codecs);
    for (const [index, format] of formats.entries()) {
      try {
        return await this.openAs(proof, { channel, format, sessionId: this.options.random.ulid() }, options);
      } catch (error) {
        if (!hasStatus(error, 'CODEC_UNSUPPORTED') || index === formats.length - 1) throw error;
      }
    }
    throw new AppError('CODEC_UNSUPPORTED');
  }

  /** @throws AppError SESSION_NOT_FOUND when it is over, or not this user's */
  end({ userId }: SessionMaker, sessionId: string): void {
    const session = this.sessions.get(sessionId);
    if (session === undefined || session.claims.userId !== userId) throw new AppError('SESSION_NOT_FOUND');
    session.end(closeCodes.NORMAL.code, 'ended');
  }

  /**
   * Where the device fetches a talk that is asked for by a plain message, which the user then opens at `/talk/{sessionId}`.
   * @throws AppError ALREADY_ACTIVE while somebody else talks; FORBIDDEN when the session is somebody else's
   */
  async sourceFor(
    proof: DeviceProof,
    wanted: { readonly channel: number; readonly sessionId: string; readonly format: TalkFormat },
  ): Promise<ParamsOf<typeof startTalking>['source']> {
    const known = this.sessions.get(wanted.sessionId);
    if (known !== undefined && (known.claims.userId !== proof.principal.userId || known.claims.deviceId !== proof.deviceId)) {
      throw new AppError('FORBIDDEN');
    }
    const session = known ?? this.add(proof, wanted);
    session.expectDevice();
    return await this.sourceOf(session);
  }

  /** Sends away whoever talks, to go on by way of another process; the loudspeakers are free when they are told. */
  async dismiss(): Promise<void> {
    const leave = async (session: TalkSession): Promise<void> => {
      session.releaseDevice();
      await this.tellStop(session);
      session.end(closeCodes.SERVICE_RESTART.code, 'moved');
    };
    await Promise.all([...this.sessions.values()].map(leave));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of [...this.sessions.values()]) session.end(closeCodes.GOING_AWAY.code, 'going away');
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async openAs(
    proof: DeviceProof<'control'>,
    wanted: { readonly channel: number; readonly sessionId: string; readonly format: TalkFormat },
    { signal }: { readonly signal?: AbortSignal },
  ): Promise<Talk> {
    const session = this.add(proof, wanted);
    try {
      const { duplex } = await this.ask(session, signal);
      if (session.ended) throw new AppError('CANCELLED');
      session.expectDevice();
      const { token } = await this.options.tokens.mint('talk', session.claims, TOKEN_TTL_MS);
      const url = `${this.webSocketUrl()}/talk/${session.id}?token=${token}`;
      return { sessionId: session.id, expiresAt: session.expiresAt, url, token, ...session.format, duplex };
    } catch (error) {
      session.end(closeCodes.NORMAL.code, 'not started');
      throw error;
    }
  }

  private add(
    { action, deviceId, epoch, homeId, principal: { userId, userSessionId } }: DeviceProof,
    { channel, sessionId, format }: { readonly channel: number; readonly sessionId: string; readonly format: TalkFormat },
  ): TalkSession {
    if (action !== 'control') throw new AppError('FORBIDDEN');
    const running = [...this.sessions.values()].find(({ claims }) => claims.deviceId === deviceId && claims.channel === channel);
    if (running !== undefined && running.claims.userId !== userId) throw new AppError('ALREADY_ACTIVE');
    running?.end(closeCodes.NORMAL.code, 'replaced');
    const session = new TalkSession({
      claims: { userId, userSessionId, deviceId, epoch, channel, action, sessionId },
      homeId,
      format,
      clock: this.options.clock,
      onRenew: () => this.lifetime.run('renewal of a talk', () => this.renew(session)),
      onEnded: () => {
        offered?.[Symbol.dispose]();
        this.over(session);
      },
    });
    const offered = this.options.offerTalk?.({ sessionId, deviceId, channel });
    this.sessions.set(sessionId, session);
    return session;
  }

  private async ask(session: TalkSession, signal?: AbortSignal) {
    const { id: sessionId, format, claims } = session;
    const params = { sessionId, channel: claims.channel, source: await this.sourceOf(session), ...format, ttlSec: TALK_TTL_SEC };
    return await this.options.commands.call(claims.deviceId, startTalking, params, { ...(signal && { signal }) });
  }

  private async sourceOf({ claims, id }: TalkSession): Promise<ParamsOf<typeof startTalking>['source']> {
    const { deviceId, epoch, channel, sessionId } = claims;
    const { token } = await this.options.tokens.mint('vm-talk', { deviceId, epoch, channel, sessionId }, TOKEN_TTL_MS);
    return { protocol: 'wss-audio', url: `${this.webSocketUrl()}${paths.vm}/talk/${id}`, token };
  }

  private async renew(session: TalkSession): Promise<void> {
    try {
      await this.ask(session);
    } catch (error) {
      const { retryable, status } = AppError.from(error);
      if (!retryable) session.end(closeCodes.INTERNAL_ERROR.code, status);
    }
  }

  /** The device is told, and its answer is not waited for. */
  private over(session: TalkSession): void {
    this.sessions.delete(session.id);
    void this.tellStop(session);
  }

  /** Never rejects. */
  private async tellStop({ claims, id }: TalkSession): Promise<void> {
    const { commands, logger } = this.options;
    try {
      await commands.call(claims.deviceId, stopTalking, { sessionId: id }, {});
    } catch (error) {
      logger.debug({ status: AppError.from(error).status }, 'the device was not told that a talk is over');
    }
  }

  /** By `?token=`, which alone counts when there is one, or by a session of the user. */
  private async admitUser(request: IncomingMessage, url: URL): Promise<TalkSession> {
    const { authorizer, principalFromRequest, tokens } = this.options;
    const session = this.sessions.get(userPath.exec(url.pathname)?.[1] ?? '');
    const token = url.searchParams.get('token');
    if (token !== null) {
      const claims = await tokens.verify('talk', token);
      if (session === undefined || claims.sessionId !== session.id) throw new AppError('UNAUTHORIZED');
    } else {
      const principal = await principalFromRequest(request);
      if (principal === undefined) throw new AppError('UNAUTHORIZED');
      if (session === undefined || principal.userId !== session.claims.userId) throw new AppError('NOT_FOUND');
    }
    await authorizer.ticket(session.claims, session.claims.action);
    return session;
  }

  private async admitDevice(request: IncomingMessage, url: URL): Promise<TalkSession> {
    const token = bearerToken(request);
    if (token === undefined) throw new AppError('UNAUTHORIZED');
    const claims = await this.options.tokens.verify('vm-talk', token);
    if (claims.sessionId !== devicePath.exec(url.pathname)?.[1]) throw new AppError('UNAUTHORIZED');
    const session = this.sessions.get(claims.sessionId);
    if (session === undefined || session.claims.deviceId !== claims.deviceId) throw new AppError('SESSION_NOT_FOUND');
    return session;
  }

  private onRevoked(message: BusMessageOf<'revoked'>): void {
    const concerned = [...this.sessions.values()].filter(({ claims }) => isConcerned(claims, message));
    this.lifetime.run('re-check of talks after a revocation', async () => {
      await Promise.all(concerned.map((session) => this.recheck(session)));
    });
  }

  private async recheckForever(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.options.clock, RECHECK_MS, { signal });
      for (const session of [...this.sessions.values()]) await this.recheck(session);
    }
  }

  private async recheck(session: TalkSession): Promise<void> {
    try {
      await this.options.authorizer.ticket(session.claims, session.claims.action);
    } catch {
      session.end(closeCodes.POLICY_VIOLATION.code, 'revoked');
    }
  }

  private webSocketUrl(): string {
    return this.options.publicUrl().replace(/^http/, 'ws');
  }
}
