import { AppError, type Clock, type Logger } from '@cardea/core';
import {
  type AnswerOf,
  type BodyOf,
  type CreateSegment,
  cancelVideoSegment,
  confirmVideoSegment,
  createVideoSegment,
  getVideoServerInformation,
  type HttpDefinition,
  reportStatistics,
  validateBody,
} from '@cardea/protocol';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { drainBody } from '../http/drain-body.ts';
import { toAppError } from '../http/problem.ts';
import { sendWireError } from '../http/wire-error.ts';
import { UPLOADS_PATH } from './upload-tickets.ts';
import type { VideoService } from './video-service.ts';
import type { BoundDevice } from './vr-access.ts';

const BODY_LIMIT_BYTES = 64 * 1024;
const OTHER_METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];

interface SegmentRoute {
  Params: { readonly segmentId: string };
}

/** Puts the Vr interface on `app`: the calls of a device, and the addresses its upload tickets name. */
export function registerVrRoutes(
  app: FastifyInstance,
  service: VideoService,
  { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
): void {
  const fail = (thrown: FastifyError, reply: FastifyReply): FastifyReply => {
    const error = toAppError(thrown);
    if (error.status === 'INTERNAL_ERROR') logger.error({ err: thrown }, 'a request of the video service failed');
    return sendWireError(reply, error, { status: statusOf(error) });
  };
  void app.register(async (vr) => {
    vr.setErrorHandler((thrown: FastifyError, _request, reply) => fail(thrown, reply));
    registerCalls(vr, service);
  });
  void app.register(async (uploads) => {
    // Bytes of video are never taken into memory: no parser touches the body.
    uploads.removeAllContentTypeParsers();
    uploads.addContentTypeParser('*', (_request, _payload, done) => done(null));
    uploads.setErrorHandler((thrown: FastifyError, request, reply) => {
      drainBody(request.raw, clock);
      return fail(thrown, reply);
    });
    registerUploads(uploads, service, clock);
  });
}

function registerCalls(app: FastifyInstance, service: VideoService): void {
  const options = { bodyLimit: BODY_LIMIT_BYTES };
  app.post(routePath(createVideoSegment), options, async (request, reply) => {
    const device = await service.access.bound(request.headers.authorization);
    const { answer, replayed } = await create(service, device, bodyOf(createVideoSegment, request));
    return noStore(reply)
      .code(replayed ? 200 : createVideoSegment.success)
      .send(answer);
  });
  app.post<SegmentRoute>(routePath(confirmVideoSegment), options, async (request, reply) => {
    const device = await service.access.bound(request.headers.authorization);
    const { segmentId } = request.params;
    const body = bodyOf(confirmVideoSegment, request);
    const answer = await noted(service.intake.confirm(device, segmentId, body), (error) => service.gaps.failed(segmentId, error));
    return noStore(reply).code(confirmVideoSegment.success).send(answer);
  });
  app.post<SegmentRoute>(routePath(cancelVideoSegment), options, async (request, reply) => {
    const device = await service.access.bound(request.headers.authorization);
    const { segmentId } = request.params;
    const body = bodyOf(cancelVideoSegment, request);
    await service.intake.cancel(device, segmentId, body);
    await service.gaps.cancelled(segmentId, body.reason);
    const answer: AnswerOf<typeof cancelVideoSegment> = { state: 'cancelled' };
    return noStore(reply).code(cancelVideoSegment.success).send(answer);
  });
  app.get(routePath(getVideoServerInformation), async (request, reply) => {
    const device = await service.access.known(request.headers.authorization);
    return noStore(reply).send(await service.serverInformation(device));
  });
  app.post(routePath(reportStatistics), options, async (request, reply) => {
    const device = await service.access.bound(request.headers.authorization);
    await service.statistics.add(device, bodyOf(reportStatistics, request));
    return noStore(reply).code(reportStatistics.success).send();
  });
}

function registerUploads(app: FastifyInstance, service: VideoService, clock: Clock): void {
  const url = `${UPLOADS_PATH}/:segmentId`;
  app.put<SegmentRoute>(url, async (request, reply) => {
    const { segmentId } = request.params;
    const upload = service.intake.upload(segmentId, queryOf(request), {
      source: request.raw,
      declaredBytes: declaredBytes(request.headers['content-length']),
      progress: () => request.raw.socket.bytesRead,
    });
    const { sha256 } = await noted(upload, (error) => service.gaps.failed(segmentId, error));
    return noStore(reply).header('etag', `"${sha256}"`).code(201).send();
  });
  app.route<SegmentRoute>({
    method: OTHER_METHODS,
    url,
    handler: async (request, reply) => {
      drainBody(request.raw, clock);
      return sendWireError(reply.header('allow', 'PUT'), new AppError('INVALID_REQUEST'), { status: 405 });
    },
  });
}

/** One segment, or each of a batch for itself: an item that is refused does not touch the others. */
async function create(service: VideoService, device: BoundDevice, body: BodyOf<typeof createVideoSegment>) {
  if (!('segments' in body)) {
    const { segment, replayed } = await announce(service, device, body);
    return { answer: segment, replayed };
  }
  const outcomes = [];
  for (const request of body.segments) outcomes.push(await createItem(service, device, request));
  return { answer: { segments: outcomes.map(({ item }) => item) }, replayed: outcomes.every(({ replayed }) => replayed) };
}

async function createItem(service: VideoService, device: BoundDevice, request: CreateSegment) {
  try {
    const { segment, replayed } = await announce(service, device, request);
    return { item: segment, replayed };
  } catch (thrown) {
    const error = AppError.from(thrown);
    if (error.httpStatus >= 500) throw error;
    return { item: { clientSegmentId: request.clientSegmentId, error: error.toWireError() }, replayed: true };
  }
}

async function announce(service: VideoService, device: BoundDevice, request: CreateSegment) {
  return await noted(service.intake.create(device, request), (error) => service.gaps.refused(device, request, error));
}

/** A failure is written down before the device hears of it. */
async function noted<T>(work: Promise<T>, note: (error: unknown) => Promise<void>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    await note(error);
    throw error;
  }
}

function routePath(definition: HttpDefinition): string {
  return definition.path.replace(/\{(\w+)\}/g, ':$1');
}

/** @throws AppError INVALID_PARAMS saying where */
function bodyOf<D extends HttpDefinition>(definition: D, request: FastifyRequest): BodyOf<D> {
  const validation = validateBody(definition, request.body);
  if (!validation.ok) throw new AppError('INVALID_PARAMS', { problems: validation.problems });
  return validation.value;
}

function queryOf(request: FastifyRequest): URLSearchParams {
  return new URL(request.url, 'http://localhost').searchParams;
}

function declaredBytes(contentLength: string | undefined): number | undefined {
  return contentLength === undefined ? undefined : Number(contentLength);
}

// The ticket is the credential of an upload, so one that ran out forbids, as an object store would say it (B7.2, C8).
function statusOf(error: AppError): number {
  return error.status === 'TICKET_EXPIRED' ? 403 : error.httpStatus;
}

function noStore(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store');
}
