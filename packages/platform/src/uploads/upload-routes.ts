import { AppError, type Clock, type Logger } from '@cardea/core';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { drainBody } from '../http/drain-body.ts';
import { OBJECTS_PATH } from './upload-tickets.ts';
import type { Uploads } from './uploads.ts';

const OTHER_METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS'];

interface TicketRoute {
  Params: { readonly ticketId: string };
}

/** Puts the addresses on `app` at which devices put small objects. */
export function registerUploadRoutes(
  app: FastifyInstance,
  uploads: Uploads,
  { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
): void {
  const url = `${OBJECTS_PATH}/:ticketId`;
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null));
    scope.setErrorHandler((thrown, request, reply) => {
      const error = AppError.from(thrown);
      if (error.status === 'INTERNAL_ERROR') logger.error({ err: thrown }, 'an upload failed');
      drainBody(request.raw, clock);
      return sendError(reply, error);
    });
    scope.put<TicketRoute>(url, async (request, reply) => {
      const query = new URL(request.url, 'http://localhost').searchParams;
      const length = request.headers['content-length'];
      const declaredBytes = length === undefined ? undefined : Number(length);
      const { sha256 } = await uploads.receive(request.params.ticketId, query, { source: request.raw, declaredBytes });
      return noStore(reply).header('etag', `"${sha256}"`).code(201).send();
    });
    scope.route<TicketRoute>({
      method: OTHER_METHODS,
      url,
      handler: async (request, reply) => {
        drainBody(request.raw, clock);
        return sendError(reply.header('allow', 'PUT'), new AppError('INVALID_REQUEST'), 405);
      },
    });
  });
}

// The ticket is the credential of an upload, so one that ran out forbids (B7.2).
function statusOf(error: AppError): number {
  return error.status === 'TICKET_EXPIRED' ? 403 : error.httpStatus;
}

function sendError(reply: FastifyReply, error: AppError, status = statusOf(error)): FastifyReply {
  if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000));
  return noStore(reply)
    .code(status)
    .send({ error: { code: error.code, message: error.message, data: error.toErrorData() } });
}

function noStore(reply: FastifyReply): FastifyReply {
  return reply.header('cache-control', 'no-store');
}
