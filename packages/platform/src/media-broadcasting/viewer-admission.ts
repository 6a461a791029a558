import { AppError, type Clock, type Random } from '@cardea/core';
import { closeCodes } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof, Principal, SessionMaker } from '../authorization/proof.ts';
import type { TokenIssuer } from '../tokens/token-issuer.ts';
import type { Broadcast } from './broadcast.ts';
import type { Broadcasts } from './broadcasts.ts';
import type { DeviceChannels, MediaSource, OfferSession, ViewAudit } from './ports.ts';
import { ShortTokens } from './short-tokens.ts';
import { ViewSession } from './view-session.ts';
import { admitBy, type ViewerCredentials } from './viewer-credentials.ts';

export interface ViewerAdmissionOptions {
  readonly authorizer: Authorizer;
  readonly tokens: TokenIssuer;
  readonly channels: DeviceChannels;
  readonly audit: ViewAudit;
  readonly offerSession?: OfferSession | undefined;
  readonly broadcasts: Pick<Broadcasts, 'ensure' | 'of'>;
  readonly clock: Clock;
  readonly random: Random;
}

/** A session somebody may use for one connection. */
export interface Admission {
  readonly session: ViewSession;
  /** To be called when the connection is over, or was not made. */
  readonly onClosed: () => void;
}

/** Live sessions of one stream; the next one gets 429. */
const MAX_SESSIONS_PER_STREAM = 5_000;

/** Who may watch live, on whichever output: the sessions there are, and the ways to one. */
export class ViewerAdmission {
  private readonly options: ViewerAdmissionOptions;
  private readonly byId = new Map<string, ViewSession>();
  private readonly shortTokens: ShortTokens<ViewSession>;

  constructor(options: ViewerAdmissionOptions) {
    this.options = options;
    this.shortTokens = new ShortTokens(options.random);
  }

  get sessions(): readonly ViewSession[] {
    return [...this.byId.values()];
  }

  /**
   * The session a viewer shows the token of, or one made for a user who shows who they are, which lasts as long as the connection.
   * `source` is `undefined` when the address names none.
   * @throws AppError UNAUTHORIZED whatever is wrong with a token; NOT_FOUND | FORBIDDEN | CHANNEL_NOT_FOUND | STREAM_NOT_FOUND | LIMIT_EXCEEDED
   */
  async admit(credentials: ViewerCredentials, source: MediaSource | undefined): Promise<Admission> {
    return await admitBy(source, credentials, {
      byToken: async (token, named) => ({ session: await this.sessionOfToken(token, named), onClosed: () => {} }),
      byPrincipal: (principal, named) => this.openFor(principal, named),
    });
  }

  /**
   * As `admit`, only that a token is good for every stream of its channel: whoever shows it for another one than its own gets a
   * session beside, which ends with that of the token.
   * @throws AppError as `admit`
   */
  async admitToChannel(credentials: ViewerCredentials, source: MediaSource | undefined): Promise<Admission> {
    return await admitBy(source, credentials, {
      byToken: async (token, named) => {
        const { session, proof } = await this.rightOfToken(token, named);
        return session.claims.stream === named.stream ? { session, onClosed: () => {} } : await this.openBeside(session, proof, named);
      },
      byPrincipal: (principal, named) => this.openFor(principal, named),
    });
  }

  /** The session of a token whatever stream of the channel it is for, or one made for a user who shows who they are. @throws AppError as `admit` */
  async channelSession(credentials: ViewerCredentials, source: MediaSource | undefined): Promise<ViewSession> {
    return await admitBy(source, credentials, {
      byToken: async (token, named) => (await this.rightOfToken(token, named)).session,
      byPrincipal: async (principal, named) => (await this.openFor(principal, named)).session,
    });
  }

  /**
   * What the session watches, once its device agreed to push.
   * @throws AppError SESSION_NOT_FOUND | DEVICE_OFFLINE | DEVICE_ASLEEP | CANCELLED | what the device answered, kept in `remote`
   */
  async broadcastOf(session: ViewSession, { signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<Broadcast> {
    const broadcast = this.options.broadcasts.of(session.claims);
    if (broadcast === undefined || session.ended) throw new AppError('SESSION_NOT_FOUND');
    await broadcast.push.agreement({ ...(signal && { signal }) });
    if (session.ended) throw new AppError('UNAUTHORIZED');
    return broadcast;
  }

  /** A session that lives for a minute, longer by renewal or an open connection. @throws AppError CHANNEL_NOT_FOUND | STREAM_NOT_FOUND | LIMIT_EXCEEDED */
  async open(proof: DeviceProof<'view.live'>, source: MediaSource): Promise<ViewSession> {
    const { broadcasts, channels, clock, offerSession, random } = this.options;
    await channels.assertSource(source);
    const { action, epoch, principal } = proof;
    const { userId, userSessionId } = principal;
    const broadcast = broadcasts.ensure(proof, source);
    if (broadcast.sessions.length >= MAX_SESSIONS_PER_STREAM) throw new AppError('LIMIT_EXCEEDED');
    const session = new ViewSession({
      claims: { ...source, userId, userSessionId, epoch, action, sessionId: random.ulid() },
      rightUntil: proof.until,
      clock,
      onEnded: (ended) => {
        this.byId.delete(ended.id);
        offered?.[Symbol.dispose]();
        this.shortTokens.revoke(ended);
        broadcast.remove(ended);
      },
    });
    this.byId.set(session.id, session);
    const offered = offerSession?.(session.id);
    broadcast.add(session);
    session.renew();
    return session;
  }

  /** Whether the session is here. */
  holds(sessionId: string): boolean {
    return this.byId.has(sessionId);
  }

  /** @throws AppError SESSION_NOT_FOUND when it is over, or not this user's; an API token or a share has but its own */
  sessionOf(maker: SessionMaker, sessionId: string): ViewSession {
    const session = this.byId.get(sessionId);
    if (session?.isOf(maker) !== true) throw new AppError('SESSION_NOT_FOUND');
    return session;
  }

  /** Stands for a session that lives in addresses that take no longer token; at most 40 characters. */
  shortTokenOf(session: ViewSession): string {
    return this.shortTokens.of(session);
  }

  /** The session of a token, long or short, when it is for `source`. @throws AppError UNAUTHORIZED whatever is wrong with it */
  async sessionOfToken(token: string, source: MediaSource): Promise<ViewSession> {
    const { session } = await this.rightOfToken(token, source);
    if (session.claims.stream !== source.stream) throw new AppError('UNAUTHORIZED');
    return session;
  }

  private async rightOfToken(
    token: string,
    { deviceId, channel }: MediaSource,
  ): Promise<{ readonly session: ViewSession; readonly proof: DeviceProof<'view.live'> }> {
    const { authorizer, tokens } = this.options;
    const session = this.shortTokens.ownerOf(token) ?? this.byId.get((await tokens.verify('view', token)).sessionId);
    if (session === undefined || session.claims.deviceId !== deviceId || session.claims.channel !== channel) {
      throw new AppError('UNAUTHORIZED');
    }
    return { session, proof: await authorizer.ticket(session.claims, 'view.live') };
  }

  private async openBeside(session: ViewSession, proof: DeviceProof<'view.live'>, source: MediaSource): Promise<Admission> {
    const beside = await this.open(proof, source);
    const tie = session.attach({ close: (code, reason) => beside.end(code, reason) });
    return {
      session: beside,
      onClosed: () => {
        tie[Symbol.dispose]();
        beside.end(closeCodes.NORMAL.code, 'closed');
      },
    };
  }

  /** Nobody else knows of a session made for one connection, so it ends with it. */
  private async openFor(principal: Principal, source: MediaSource): Promise<Admission> {
    const { audit, authorizer } = this.options;
    const { channel, deviceId, stream } = source;
    const proof = await authorizer.device(principal, 'view.live', deviceId);
    // Whoever opens the address alone has made no session that was written down.
    await audit.record({ action: 'live.create', userId: principal.userId, homeId: proof.homeId, deviceId, detail: { channel, stream } });
    const session = await this.open(proof, source);
    return { session, onClosed: () => session.end(closeCodes.NORMAL.code, 'closed') };
  }
}
