import { AppError, type Logger } from '@cardea/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem, toAppError } from '../../http/problem.ts';
import { readIceFragment } from './ice-fragment.ts';

/** A connection that was answered and can be spoken to at an address of its own. */
export interface RtcResource {
  /** Stands for the session of ICE in `ETag` and `If-Match` (RFC 9725 4.3.1). */
  readonly iceTag: string;
  addCandidate(candidate: { readonly mid: string; readonly candidate: string }): void;
  /** The other end is done. */
  close(): void;
}

export interface RtcAnswer {
  readonly id: string;
  readonly sdp: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RtcRoutes {
  /** In the form of Fastify. */
  readonly path: string;
  /** Answers an offer; `signal` aborts when who offers goes away. */
  readonly open: (
    request: FastifyRequest,
    offer: { readonly url: URL; readonly sdp: string; readonly signal: AbortSignal },
  ) => Promise<RtcAnswer>;
  readonly resources: ReadonlyMap<string, RtcResource>;
  readonly logger: Logger;
}

const OFFER_TYPE = 'application/sdp';
const FRAGMENT_TYPE = 'application/trickle-ice-sdpfrag';
const BODY_MAX_BYTES = 64 * 1024;
/** A page of any origin may do what it has the token for; without one a browser sends it no cookie of ours. */
const openToPages = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Location, ETag, Cardea-Sound',
  'cross-origin-resource-policy': 'cross-origin',
  'cache-control': 'private, no-store',
};

/**
 * The HTTP of WebRTC: POST takes an offer and answers it with an address in `Location`, which takes candidates that come later
 * (PATCH) and ends the connection (DELETE). ICE is not begun anew: who lost the network offers again.
 * @see RFC 9725 4; draft-ietf-wish-whep 4
 */
export function serveRtc(app: FastifyInstance, { path, open, resources, logger }: RtcRoutes): void {
  app.register(async (scope: FastifyInstance) => {
    scope.addContentTypeParser([OFFER_TYPE, FRAGMENT_TYPE], { parseAs: 'string', bodyLimit: BODY_MAX_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((thrown, _request, reply) => {
      const error = toAppError(thrown);
      if (error.status === 'INTERNAL_ERROR') logger.warn({ err: thrown }, 'a WebRTC connection was not made');
      return sendProblem(reply, error);
    });
    scope.addHook('onSend', async (_request, reply) => void reply.headers(openToPages));
    scope.post(path, (request, reply) => answer(request, reply, { open, resources }));
    scope.patch(`${path}/:id`, (request, reply) => takeCandidates(request, reply, resourceOf(request, resources)));
    scope.delete(`${path}/:id`, async (request, reply) => {
      resourceOf(request, resources).close();
      return await reply.status(200).send();
    });
    for (const url of [path, `${path}/:id`]) scope.options(url, (_request, reply) => allow(reply));
    scope.get(path, (_request, reply) => reply.status(405).header('allow', 'OPTIONS, POST').send());
  });
}

async function answer(request: FastifyRequest, reply: FastifyReply, { open, resources }: Pick<RtcRoutes, 'open' | 'resources'>) {
  const url = new URL(request.url, 'http://localhost');
  if (typeof request.body !== 'string') throw new AppError('INVALID_REQUEST', undefined, { httpStatus: 415 });
  const gone = new AbortController();
  reply.raw.once('close', () => gone.abort());
  const { id, sdp, headers } = await open(request, { url, sdp: request.body, signal: gone.signal });
  return await reply
    .status(201)
    .headers({
      'content-type': OFFER_TYPE,
      location: `${url.pathname}/${id}`,
      etag: resources.get(id)?.iceTag ?? '""',
      'accept-patch': FRAGMENT_TYPE,
      ...headers,
    })
    .send(sdp);
}

async function takeCandidates({ headers, body }: FastifyRequest, reply: FastifyReply, resource: RtcResource): Promise<FastifyReply> {
  const { 'content-type': type = '', 'if-match': match } = headers;
  if (!type.startsWith(FRAGMENT_TYPE) || typeof body !== 'string') throw new AppError('INVALID_REQUEST', undefined, { httpStatus: 415 });
  if (match === undefined) throw new AppError('INVALID_REQUEST', undefined, { httpStatus: 428, message: 'If-Match is missing' });
  // Only who begins ICE anew matches whatever there is.
  if (match === '*') throw new AppError('NOT_SUPPORTED');
  if (match !== resource.iceTag) throw new AppError('INVALID_STATE', undefined, { httpStatus: 412 });
  const { ufrag, candidates } = readIceFragment(body);
  if (ufrag !== undefined && `"${ufrag}"` !== resource.iceTag) throw new AppError('NOT_SUPPORTED');
  for (const candidate of candidates) resource.addCandidate(candidate);
  return await reply.status(204).send();
}

/** Whoever knows the address of a connection made it. */
function resourceOf({ params }: FastifyRequest, resources: ReadonlyMap<string, RtcResource>): RtcResource {
  const id = typeof params === 'object' && params !== null && 'id' in params ? String(params.id) : '';
  const resource = resources.get(id);
  if (resource === undefined) throw new AppError('NOT_FOUND');
  return resource;
}

/** Preflight of a page of another origin (Fetch standard, CORS protocol). */
async function allow(reply: FastifyReply): Promise<FastifyReply> {
  return await reply
    .status(204)
    .headers({
      'access-control-allow-methods': 'POST, PATCH, DELETE',
      'access-control-allow-headers': 'Content-Type, Authorization, If-Match',
      'access-control-max-age': '86400',
      'accept-post': OFFER_TYPE,
    })
    .send();
}
