import type { IncomingMessage } from 'node:http';
import { AppError, type Clock, type Logger } from '@cardea/core';
import { Channel, conforms, DeviceId, StreamName } from '@cardea/protocol';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { Principal } from '../../authorization/proof.ts';
import { forwardUpgrade } from '../../http/forward-upgrade.ts';
import { type HttpServer, refuseUpgrade } from '../../http/http-server.ts';
import { sendProblem, toAppError } from '../../http/problem.ts';
import type { TokenIssuer } from '../../tokens/token-issuer.ts';
import type { MediaCaller } from './media-caller.ts';
import { sessionSubject, talkSubject } from './media-calls.ts';
import type { LiveMedia } from './ports.ts';

export interface MediaDoorOptions {
  readonly live: LiveMedia;
  readonly caller: MediaCaller;
  readonly authorizer: Pick<Authorizer, 'device'>;
  readonly tokens: Pick<TokenIssuer, 'verify'>;
  readonly principalFromRequest: (request: IncomingMessage) => Promise<Principal | undefined>;
  /** PEM of the authority of the other processes, where the platform has one of its own. */
  readonly authority: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

const livePath = /^\/live\/([^/]+)\/([^/]+)\/([^/]+)\/([\w.]+)$/;
const sessionPath = /^\/playback\/([0-9A-Z]{26})\/ws$/;
const talkPath = /^\/talk\/([0-9A-Z]{26})$/;

/**
 * Addresses of live media at a process that has none: whoever asks there is led to the process that has what they ask for, by a redirect,
 * or where that cannot be followed (WebSocket) by passing everything on. That process decides whether they may.
 */
export class MediaDoor {
  private readonly options: MediaDoorOptions;

  constructor(options: MediaDoorOptions) {
    this.options = options;
  }

  /** Call before the server listens. */
  start(http: HttpServer): void {
    const { authority, clock, logger } = this.options;
    http.onUpgrade(
      (path) => livePath.test(path) || sessionPath.test(path) || talkPath.test(path),
      (upgrade) => {
        this.find(upgrade.request, upgrade.url)
          .then((target) => forwardUpgrade(upgrade, target, { authority, clock }))
          .catch((error: unknown) => {
            logger.debug({ err: error }, 'a viewer was not led to live media');
            refuseUpgrade(upgrade.socket, AppError.from(error).httpStatus, { 'Cache-Control': 'no-store' });
          });
      },
    );
    http.app.route({
      method: ['GET', 'POST'],
      url: '/live/:deviceId/:channel/:stream/:output',
      exposeHeadRoute: false,
      errorHandler: (thrown, _request, reply) => {
        sendProblem(reply, toAppError(thrown));
      },
      handler: async ({ raw, url }, reply) => {
        reply.header('cache-control', 'private, no-store').header('access-control-allow-origin', '*');
        return await reply.redirect((await this.find(raw, new URL(url, 'http://localhost'))).href, 307);
      },
    });
  }

  /** The same address at the process that has it. @throws AppError UNAUTHORIZED | NOT_FOUND | FORBIDDEN | what starting to watch throws */
  private async find(request: IncomingMessage, url: URL): Promise<URL> {
    const [, playback] = sessionPath.exec(url.pathname) ?? [];
    const [, talk] = talkPath.exec(url.pathname) ?? [];
    const path = url.pathname + url.search;
    if (playback !== undefined) return new URL(path, await this.originOf(sessionSubject(playback)));
    if (talk !== undefined) return new URL(path, await this.originOf(talkSubject(talk)));
    const token = url.searchParams.get('token');
    if (token === null) return await this.startLive(request, url);
    const { sessionId } = await this.options.tokens.verify('view', token);
    return new URL(path, await this.originOf(sessionSubject(sessionId)));
  }

  private async originOf(subject: string): Promise<string> {
    const place = await this.options.caller.askIfThere(subject, 'where', {});
    if (place === undefined) throw new AppError('UNAUTHORIZED');
    return place.url;
  }

  /** Whoever shows who they are needs no session before. */
  private async startLive(request: IncomingMessage, url: URL): Promise<URL> {
    const { authorizer, live, principalFromRequest } = this.options;
    const principal = await principalFromRequest(request);
    if (principal === undefined) throw new AppError('UNAUTHORIZED');
    const [, deviceId, text, stream] = livePath.exec(url.pathname) ?? [];
    const channel = Number(text);
    if (!conforms(DeviceId, deviceId) || !conforms(Channel, channel) || !conforms(StreamName, stream)) throw new AppError('NOT_FOUND');
    const session = await live.startLive(await authorizer.device(principal, 'view.live', deviceId), { channel, stream }, {});
    const target = new URL(url.pathname + url.search, session.urls.ws.replace(/^ws/, 'http'));
    target.searchParams.set('token', session.token);
    return target;
  }
}
