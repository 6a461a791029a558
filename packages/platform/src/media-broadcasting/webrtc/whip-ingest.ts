import { AppError, type Clock, type Logger, type Random } from '@cardea/core';
import { type PushTarget, paths } from '@cardea/protocol';
import type { FastifyRequest } from 'fastify';
import { bearerToken } from '../../http/bearer-token.ts';
import type { HttpServer } from '../../http/http-server.ts';
import type { TokenClaims, TokenIssuer } from '../../tokens/token-issuer.ts';
import { abortable } from '../abortable.ts';
import type { LiveStream } from '../live-stream.ts';
import type { MediaCounters } from '../ports.ts';
import { type RtcAnswer, serveRtc } from './rtc-http.ts';
import type { RtcPort } from './rtc-port.ts';
import { WhipSession } from './whip-session.ts';

export interface WhipIngestOptions {
  readonly port: RtcPort;
  readonly tokens: TokenIssuer;
  /** Origin under which devices reach this server. */
  readonly publicUrl: () => string;
  /** The stream a publish token feeds now. @throws AppError UNAUTHORIZED | SESSION_NOT_FOUND */
  readonly streamOf: (claims: TokenClaims['vm-publish']) => Promise<LiveStream>;
  readonly counters: MediaCounters;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

const RESOURCE_BYTES = 18;

/** Where devices publish on carrier `whip`: `POST /vm/v1/whip/{sessionId}` with the bearer token of the session (RFC 9725). */
export class WhipIngest {
  private readonly options: WhipIngestOptions;
  private readonly sessions = new Map<string, WhipSession>();

  constructor(options: WhipIngestOptions) {
    this.options = options;
  }

  get isOpen(): boolean {
    return this.options.port.engine !== undefined;
  }

  start({ app }: HttpServer): void {
    const { logger } = this.options;
    const path = `${paths.vm}/whip/:sessionId`;
    serveRtc(app, { path, open: (request, offer) => this.open(request, offer), resources: this.sessions, logger });
  }

  /** Where a device publishes the session. */
  targetOf(sessionId: string): Pick<PushTarget, 'protocol' | 'url'> {
    return { protocol: 'whip', url: `${this.options.publicUrl()}${paths.vm}/whip/${sessionId}` };
  }

  close(): void {
    for (const session of [...this.sessions.values()]) session.stop('reschedule');
  }

  private async open(
    { raw }: FastifyRequest,
    offer: { readonly url: URL; readonly sdp: string; readonly signal: AbortSignal },
  ): Promise<RtcAnswer> {
    const { port, random, streamOf, tokens } = this.options;
    const token = bearerToken(raw);
    if (token === undefined) throw new AppError('UNAUTHORIZED');
    const claims = await tokens.verify('vm-publish', token);
    if (claims.sessionId !== offer.url.pathname.split('/').at(-1)) throw new AppError('UNAUTHORIZED');
    const { engine } = port;
    if (engine === undefined) throw new AppError('NOT_SUPPORTED', undefined, { httpStatus: 404, message: 'WebRTC is off here' });
    const stream = await streamOf(claims);
    const id = Buffer.from(random.bytes(RESOURCE_BYTES)).toString('base64url');
    const session = new WhipSession({ ...this.options, id, engine, claims, stream, onClosed: () => this.sessions.delete(id) });
    this.sessions.set(id, session);
    try {
      return { id, sdp: await abortable(session.answer(offer.sdp), offer.signal) };
    } catch (error) {
      session.stop('error');
      throw error;
    }
  }
}
