import type { IncomingMessage } from 'node:http';
import { AppError, type Clock, type Logger } from '@cardea/core';
import { conforms, StreamName } from '@cardea/protocol';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { forwardUpgrade } from '../http/forward-upgrade.ts';
import { type HttpServer, refuseUpgrade } from '../http/http-server.ts';
import { sendProblem, toAppError } from '../http/problem.ts';
import { sendJpeg } from '../http/send-jpeg.ts';
import type { SharedPictures } from './ports.ts';
import type { OpenShare, ShareVisits, Visitor } from './share-visits.ts';
import type { SharedMedia } from './shared-media.ts';

export interface ShareRoutesOptions {
  readonly visits: ShareVisits;
  readonly media: SharedMedia;
  readonly pictures: SharedPictures;
  /** Answers with the web app. */
  readonly page: (reply: FastifyReply) => FastifyReply;
  /** Whether browsers reach the platform over https. */
  readonly isSecure: () => boolean;
  /** PEM of the authority of the other servers of the platform, where it has one of its own. */
  readonly authority: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface ShareRequest {
  Params: { readonly token: string; readonly number?: string; readonly output?: string };
  Querystring: { readonly stream?: string };
}

type Handler = (share: OpenShare, request: FastifyRequest<ShareRequest>, reply: FastifyReply) => Promise<unknown>;

const PASS_COOKIE = 'cardea-share';
const MAX_AGE_SEC = 24 * 3_600;
const socketPath = /^\/s\/([^/]{1,128})\/live\/ws$/;
/** What of live pictures is asked for by an address of its own. */
const liveOutputs = new Set(['index.m3u8', 'stream.flv', 'whep', 'snapshot.jpg']);

/**
 * Puts below `/s/{token}` what a share shows: `about`, `unlock`, `pictures/{n}`, and the media, which are found where they
 * always are: the answer leads there, with a token made for the share.
 */
export function registerShareRoutes(http: HttpServer, options: ShareRoutesOptions): void {
  const { isSecure, logger, media, page, pictures, visits } = options;
  void http.app.register(
    async (scope) => {
      scope.setErrorHandler((thrown, _request, reply) => {
        const error = toAppError(thrown);
        if (error.httpStatus >= 500 && error.remote === undefined) logger.error({ err: thrown }, 'a share could not be shown');
        return sendProblem(reply, error);
      });
      scope.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'private, no-store'));
      const serve = (method: 'GET' | 'POST', url: string, handle: Handler): void => {
        scope.route<ShareRequest>({
          ...{ method, url, exposeHeadRoute: false },
          handler: async (request, reply) =>
            await handle(await visits.open(request.params.token, visitorOf(request.raw, request.ip)), request, reply),
        });
      };
      const lead = async (path: Promise<string>, reply: FastifyReply): Promise<FastifyReply> => reply.redirect(await path, 307);
      const live: Handler = async (share, request, reply) => {
        const { output = '' } = request.params;
        if (!liveOutputs.has(output)) throw new AppError('NOT_FOUND');
        return await lead(
          media.liveAddress(share, { ...liveWish(request.query.stream, request.ip), output, signal: abortOnClose(reply) }),
          reply,
        );
      };
      serve('GET', '/about', (share) => visits.describe(share));
      serve('GET', '/live/:output', live);
      serve('POST', '/live/:output', live);
      serve('GET', '/index.m3u8', (share, _request, reply) => lead(media.recordedPath(share, 'hls'), reply));
      serve('GET', '/clip.mp4', (share, _request, reply) => lead(media.recordedPath(share, 'clip'), reply));
      serve('GET', '/pictures/:number', async (share, request, reply) => {
        const { row, right } = share;
        const number = /^[1-9]\d?$/.test(request.params.number ?? '') ? Number(request.params.number) : 0;
        if (row.event_id === null || number === 0) throw new AppError('NOT_FOUND');
        await sendJpeg(await pictures.ofEvent(await right('view.events'), row.event_id, number), request, reply);
        return reply;
      });
      scope.get<ShareRequest>('/', async ({ params }, reply) => page(reply.status((await visits.works(params.token)) ? 200 : 404)));
      scope.addContentTypeParser('application/sdp', { parseAs: 'string' }, (_request, body, done) => done(null, body));
      scope.post<ShareRequest & { Body: unknown }>('/unlock', async (request, reply) => {
        const pass = await visits.unlock(request.params.token, passcodeOf(request.body), visitorOf(request.raw, request.ip));
        const secure = isSecure() ? '; Secure' : '';
        const path = `/s/${encodeURIComponent(request.params.token)}`;
        reply.header('set-cookie', `${PASS_COOKIE}=${pass}; Path=${path}; Max-Age=${MAX_AGE_SEC}; HttpOnly; SameSite=Strict${secure}`);
        return await reply.status(204).send();
      });
    },
    { prefix: '/s/:token' },
  );
  http.onUpgrade(
    (path) => socketPath.test(path),
    ({ request, socket, head, url }) => {
      const gone = new AbortController();
      socket.once('close', () => gone.abort());
      const [, token = ''] = socketPath.exec(url.pathname) ?? [];
      const address = request.socket.remoteAddress ?? '';
      visits
        .open(token, visitorOf(request, address))
        .then((share) =>
          media.liveAddress(share, { ...liveWish(url.searchParams.get('stream'), address), output: 'ws', signal: gone.signal }),
        )
        .then((address) => {
          if (address.startsWith('/')) http.upgrade({ request, socket, head, url: new URL(address, url) });
          else forwardUpgrade({ request, socket, head }, new URL(address), options);
        })
        .catch((error: unknown) => refuseUpgrade(socket, AppError.from(error).httpStatus, { 'Cache-Control': 'no-store' }));
    },
  );
}

function liveWish(stream: string | null | undefined, visitor: string): { readonly stream: StreamName; readonly visitor: string } {
  const wanted = stream ?? 'main';
  if (!conforms(StreamName, wanted)) throw new AppError('NOT_FOUND');
  return { stream: wanted, visitor };
}

function visitorOf({ headers }: IncomingMessage, address: string): Visitor {
  const pass = (headers.cookie ?? '').split('; ').find((pair) => pair.startsWith(`${PASS_COOKIE}=`));
  return { address, userAgent: headers['user-agent'], pass: pass?.slice(PASS_COOKIE.length + 1) };
}

/** @throws AppError INVALID_PARAMS */
function passcodeOf(body: unknown): string {
  const passcode = typeof body === 'object' && body !== null && 'passcode' in body ? body.passcode : undefined;
  if (typeof passcode !== 'string' || passcode.length > 64) throw new AppError('INVALID_PARAMS', { member: 'passcode' });
  return passcode;
}

function abortOnClose(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => controller.abort());
  return controller.signal;
}
