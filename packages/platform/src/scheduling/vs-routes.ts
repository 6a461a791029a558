import { AppError, type Logger } from '@cardea/core';
import { releaseSchedule, schedule } from '@cardea/protocol';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Caller, SchedulingService } from './scheduling-service.ts';

const BODY_LIMIT_BYTES = 16 * 1024;

/** Puts the Vs interface on `app`. */
export function registerVsRoutes(app: FastifyInstance, service: SchedulingService, { logger }: { readonly logger: Logger }): void {
  void app.register(async (vs) => {
    vs.setErrorHandler((thrown: FastifyError, _request, reply) => {
      const error = asAppError(thrown);
      if (error.status === 'INTERNAL_ERROR') logger.error({ err: thrown }, 'a scheduling request failed');
      return sendError(reply, error, service.serverTime);
    });
    vs.post(schedule.path, { bodyLimit: BODY_LIMIT_BYTES }, async (request, reply) =>
      reply
        .code(schedule.success)
        .header('cache-control', 'no-store')
        .send(await service.schedule(callerOf(request), request.body)),
    );
    vs.delete<{ Params: { scheduleId: string } }>(releaseSchedule.path.replace(/\{(\w+)\}/, ':$1'), async (request, reply) => {
      await service.release(callerOf(request), request.params.scheduleId);
      return reply.code(releaseSchedule.success).send();
    });
  });
}

function callerOf(request: FastifyRequest): Caller {
  return { authorization: request.headers.authorization, source: request.ip };
}

function asAppError(error: FastifyError): AppError {
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new AppError('TOO_LARGE', { maxBytes: BODY_LIMIT_BYTES });
  if (error.statusCode !== undefined && error.statusCode < 500) return new AppError('INVALID_REQUEST', undefined, { cause: error });
  return AppError.from(error);
}

function sendError(reply: FastifyReply, error: AppError, serverTime: number): FastifyReply {
  if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000));
  return reply
    .code(error.httpStatus)
    .header('cache-control', 'no-store')
    .send({
      error: { code: error.code, message: error.message, data: error.toErrorData() },
      // A device with a wrong clock corrects it from this and tries again (B2.1).
      ...(error.httpStatus === 401 && { serverTime }),
    });
}
