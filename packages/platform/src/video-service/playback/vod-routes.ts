import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { AppError, type Logger } from '@cardea/core';
import { Channel, conforms, DeviceId, Instant, StreamName } from '@cardea/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authorizer } from '../../authorization/authorizer.ts';
import type { OpenAnswers } from '../../authorization/open-answers.ts';
import type { DeviceProof, Principal } from '../../authorization/proof.ts';
import { parseByteRange } from '../../http/byte-range.ts';
import { sendProblem, toAppError } from '../../http/problem.ts';
import type { Vod, VodRange } from './vod.ts';

export interface VodRoutesOptions {
  readonly vod: Vod;
  readonly authorizer: Pick<Authorizer, 'device' | 'ticket'>;
  readonly principalFromRequest: (request: IncomingMessage) => Promise<Principal | undefined>;
  readonly answers: Pick<OpenAnswers, 'hold'>;
  /** Who watched what. */
  readonly audit: {
    record(note: {
      readonly action: string;
      readonly userId: string;
      readonly homeId: string;
      readonly deviceId: string;
      readonly detail: Readonly<Record<string, unknown>>;
    }): Promise<void>;
  };
  readonly logger: Logger;
}

interface VodRequest {
  Params: { readonly deviceId: string; readonly channel: string; readonly start: string; readonly end: string; readonly name: string };
  Querystring: { readonly token?: string; readonly stream?: string };
}

interface Admission {
  readonly right: DeviceProof<'view.recordings'>;
  readonly range: VodRange;
  /** To go into every address: what let this request in lets in those that follow. */
  readonly token: string | undefined;
}

const PATH = '/vod/:deviceId/:channel/start/:start/end/:end';
/** A page of any origin may read what it has the token for; without one a browser sends it no cookie of ours. */
const mediaHeaders = {
  'cache-control': 'private, no-store',
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
};
const HLS_TYPE = 'application/vnd.apple.mpegurl';
const segmentName = /^(\d{1,12})-([0-9A-Z]{26})\.m4s$/;
const spriteName = /^([0-9A-Z]{26})\.jpg$/;
const initName = /^init-([0-9A-Z]{26})\.mp4$/;

/**
 * Stored video at `/vod/{deviceId}/{channel}/start/{ms}/end/{ms}/`: `index.m3u8`, `multivariant.m3u8`, `clip.mp4`, and for
 * scrubbing `keyframes.json` and `{segmentId}.jpg`, the key frames of a segment side by side; by
 * cookie, bearer token or `?token=` of `POST /devices/{id}/vod`, which is passed on to whatever a playlist names.
 */
export function registerVodRoutes(app: FastifyInstance, options: VodRoutesOptions): void {
  const { logger } = options;
  app.route<VodRequest>({
    method: ['GET', 'HEAD'],
    url: `${PATH}/:name`,
    exposeHeadRoute: false,
    errorHandler: (thrown, _request, reply) => {
      const error = toAppError(thrown);
      if (error.httpStatus >= 500) logger.warn({ err: thrown }, 'stored video was not played');
      sendProblem(reply, error);
    },
    handler: async (request, reply) => {
      reply.headers(mediaHeaders);
      const admission = await admit(request, options);
      options.answers.hold(admission.right, reply.raw);
      return await serve(request, reply, { ...options, ...admission });
    },
  });
}

async function serve(
  request: FastifyRequest<VodRequest>,
  reply: FastifyReply,
  options: VodRoutesOptions & Admission,
): Promise<FastifyReply> {
  const { right, range, token, vod } = options;
  const { name } = request.params;
  const stream = streamOf(request.query.stream);
  const query = (fields: Readonly<Record<string, string>>): string => {
    const text = new URLSearchParams({ ...fields, ...(token !== undefined && { token }) }).toString();
    return text === '' ? '' : `?${text}`;
  };
  if (name === 'index.m3u8') {
    const playlist = await vod.playlist(right, range, { stream, query: query({}) });
    await writeDown(request, options, { stream });
    return reply.type(HLS_TYPE).send(playlist);
  }
  if (name === 'multivariant.m3u8') {
    return reply.type(HLS_TYPE).send(await vod.multivariant(right, range, { uriOf: (each) => `index.m3u8${query({ stream: each })}` }));
  }
  if (name === 'clip.mp4') return await sendClip(request, reply, { ...options, stream });
  if (name === 'keyframes.json') return reply.send({ items: await vod.keyFrames(right, range, stream) });
  const [, spriteId] = spriteName.exec(name) ?? [];
  if (spriteId !== undefined) return reply.type('image/jpeg').send(await vod.sprite(right, range, spriteId));
  const [, initId] = initName.exec(name) ?? [];
  if (initId !== undefined) return reply.type('video/mp4').send(await vod.init(right, range, initId));
  const [, offsetMs, segmentId] = segmentName.exec(name) ?? [];
  if (segmentId === undefined) throw new AppError('NOT_FOUND');
  return reply.type('video/iso.segment').send(await vod.fragments(right, range, { segmentId, offsetMs: Number(offsetMs) }));
}

async function sendClip(
  request: FastifyRequest<VodRequest>,
  reply: FastifyReply,
  options: VodRoutesOptions & Admission & { readonly stream: string },
): Promise<FastifyReply> {
  const { right, range, stream, vod, logger } = options;
  const clip = await vod.clip(right, range, stream);
  await writeDown(request, options, { stream, clip: true });
  reply.type('video/mp4').header('content-disposition', `attachment; filename="${fileName(range)}"`);
  if (!(clip instanceof Uint8Array)) {
    const pieces = Readable.from(clip, { objectMode: false, highWaterMark: 1 << 20 });
    pieces.on('error', (error) => logger.warn({ err: error, deviceId: right.deviceId }, 'a clip broke off'));
    if (request.method !== 'HEAD') return reply.send(pieces);
    pieces.destroy();
    return reply.send();
  }
  // The same range gives the same bytes as long as nothing of it is added or removed.
  const etag = `"${createHash('sha256').update(clip).digest('base64url')}"`;
  reply.headers({ etag, 'accept-ranges': 'bytes' });
  if (request.headers['if-none-match'] === etag) return reply.status(304).send();
  const { range: wanted, 'if-range': same } = request.headers;
  const part = same === undefined || same === etag ? parseByteRange(wanted, clip.length) : undefined;
  if (part === 'unsatisfiable') return reply.status(416).header('content-range', `bytes */${clip.length}`).send();
  if (part === undefined) return reply.send(clip);
  reply.status(206).header('content-range', `bytes ${part.start}-${part.end}/${clip.length}`);
  return reply.send(clip.subarray(part.start, part.end + 1));
}

/** Whoever opens an address without a token has asked for none, and so has not been written down. */
async function writeDown(
  { method }: FastifyRequest<VodRequest>,
  { audit, right, range, token }: VodRoutesOptions & Admission,
  detail: Readonly<Record<string, unknown>>,
): Promise<void> {
  if (token !== undefined || method === 'HEAD') return;
  const { deviceId, homeId, principal } = right;
  await audit.record({ action: 'vod.create', userId: principal.userId, homeId, deviceId, detail: { ...range, ...detail } });
}

async function admit({ params, query, raw }: FastifyRequest<VodRequest>, options: VodRoutesOptions): Promise<Admission> {
  const { authorizer, principalFromRequest, vod } = options;
  const { deviceId } = params;
  const range = { channel: Number(params.channel), from: Number(params.start), to: Number(params.end) };
  const { token } = query;
  if (token !== undefined) {
    const claims = await vod.assertTokenFor(token, deviceId, range.channel);
    const right = await authorizer.ticket(claims, 'view.recordings');
    return { right, range: checked(range), token };
  }
  const principal = await principalFromRequest(raw);
  if (principal === undefined) throw new AppError('UNAUTHORIZED');
  if (!conforms(DeviceId, deviceId)) throw new AppError('NOT_FOUND');
  return { right: await authorizer.device(principal, 'view.recordings', deviceId), range: checked(range), token };
}

function checked(range: VodRange): VodRange {
  const { channel, from, to } = range;
  if (!conforms(Channel, channel)) throw new AppError('NOT_FOUND');
  if (!conforms(Instant, from) || !conforms(Instant, to) || to <= from)
    throw new AppError('INVALID_PARAMS', { range: '`end` has to be after `start`' });
  return range;
}

function streamOf(stream: string | undefined): string {
  if (stream === undefined) return 'main';
  if (!conforms(StreamName, stream)) throw new AppError('STREAM_NOT_FOUND', { stream });
  return stream;
}

/** Safe on every file system, and sorts by time. */
function fileName({ channel, from }: VodRange): string {
  return `${new Date(from).toISOString().slice(0, 19).replaceAll(':', '-')}Z-channel-${channel}.mp4`;
}
