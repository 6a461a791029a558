import type { Logger } from '@cardea/core';
import { releaseSchedule, schedule } from '@cardea/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { toAppError } from '../http/problem.ts';
import { sendWireError } from '../http/wire-error.ts';
import type { Caller, SchedulingService } from './scheduling-service.ts';

const BODY_LIMIT_BYTES = 16 * 1024;

/** Puts the Vs interface on `app`. */
export function registerVsRoutes(app: FastifyInstance, service: SchedulingService, { logger }: { readonly logger: Logger }): void {
  void app.register(async (vs) => {
    vs.setErrorHandler((thrown, _request, reply) => {
      const error = toAppError(thrown);
      if (error.status === 'INTERNAL_ERROR') logger.error({ err: thrown }, 'a scheduling request failed');
      // A device with a wrong clock corrects it from this and tries again (B2.1).
      const beside = error.httpStatus === 401 ? { serverTime: service.serverTime } : {};
      return sendWireError(reply, error, { beside });
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
