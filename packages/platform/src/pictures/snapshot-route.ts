import type { IncomingMessage } from 'node:http';
import { AppError, type Clock, type Logger } from '@cardea/core';
import { Channel, conforms, DeviceId, StreamName } from '@cardea/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { DeviceProof, Principal } from '../authorization/proof.ts';
import { sendProblem, toAppError } from '../http/problem.ts';
import { sendJpeg } from '../http/send-jpeg.ts';
import type { PictureSource } from './ports.ts';
import type { PresentPictures } from './present-pictures.ts';

export interface SnapshotRouteOptions {
  readonly present: PresentPictures;
  readonly authorizer: Pick<Authorizer, 'device'>;
  readonly principalFromRequest: (request: IncomingMessage) => Promise<Principal | undefined>;
  /** The right the token of a live session stands for. @throws AppError UNAUTHORIZED whatever is wrong with it */
  readonly rightOfToken: (token: string, source: PictureSource) => Promise<DeviceProof<'view.live'>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface SnapshotRequest {
  Params: { readonly deviceId: string; readonly channel: string; readonly stream: string };
  Querystring: { readonly token?: string; readonly maxAge?: string };
}

/** Without `maxAge` a picture this old is still the present one. */
const DEFAULT_MAX_AGE_SEC = 5;
const MAX_AGE_SEC = 24 * 60 * 60;

/**
 * Puts `GET /live/{deviceId}/{channel}/{stream}/snapshot.jpg` on `app`: a picture and its `Age` in seconds. `?maxAge=` says how
 * old it may be before the camera is asked for a new one; by `?token=` of a live session, a cookie or a bearer token.
 */
export function registerSnapshotRoute(app: FastifyInstance, options: SnapshotRouteOptions): void {
  const { clock, logger, present } = options;
  app.route<SnapshotRequest>({
    method: ['GET', 'HEAD'],
    url: '/live/:deviceId/:channel/:stream/snapshot.jpg',
    exposeHeadRoute: false,
    errorHandler: (thrown, _request, reply) => {
      const error = toAppError(thrown);
      if (error.httpStatus >= 500 && error.remote === undefined) logger.warn({ err: thrown }, 'a present picture was not shown');
      sendProblem(reply, error);
    },
    handler: async (request, reply) => {
      reply.header('cache-control', 'private, no-store');
      const { proof, source } = await admit(request, options);
      const picture = await present.of(proof, source, maxAgeMsOf(request));
      reply.header('age', Math.max(0, Math.floor((clock.now() - picture.storedAt) / 1_000)));
      reply.header('last-modified', new Date(picture.storedAt).toUTCString());
      return await finish(sendJpeg(picture, request, reply), reply);
    },
  });
}

async function admit(
  { params, query, raw }: FastifyRequest<SnapshotRequest>,
  { authorizer, principalFromRequest, rightOfToken }: SnapshotRouteOptions,
): Promise<{ readonly proof: DeviceProof<'view.live'>; readonly source: PictureSource }> {
  const source = { deviceId: params.deviceId, channel: Number(params.channel), stream: params.stream };
  const { token } = query;
  if (token !== undefined) {
    if (!isSource(source)) throw new AppError('UNAUTHORIZED');
    return { proof: await rightOfToken(token, source), source };
  }
  const principal = await principalFromRequest(raw);
  if (principal === undefined) throw new AppError('UNAUTHORIZED');
  const proof = await authorizer.device(principal, 'view.live', source.deviceId);
  if (!isSource(source)) throw new AppError('NOT_FOUND');
  return { proof, source };
}

function isSource(source: { readonly deviceId: string; readonly channel: number; readonly stream: string }): source is PictureSource {
  return conforms(DeviceId, source.deviceId) && conforms(Channel, source.channel) && conforms(StreamName, source.stream);
}

function maxAgeMsOf({ query: { maxAge } }: FastifyRequest<SnapshotRequest>): number {
  if (maxAge === undefined) return DEFAULT_MAX_AGE_SEC * 1_000;
  const seconds = /^\d{1,6}$/.test(maxAge) ? Number(maxAge) : Number.NaN;
  if (!(seconds <= MAX_AGE_SEC)) throw new AppError('INVALID_PARAMS', { maxAge: `seconds, 0 to ${MAX_AGE_SEC}` });
  return seconds * 1_000;
}

/** Fastify waits for an answer that was sent by hand when it gets the reply itself. */
async function finish(sent: Promise<void>, reply: FastifyReply): Promise<FastifyReply> {
  await sent;
  return reply;
}
