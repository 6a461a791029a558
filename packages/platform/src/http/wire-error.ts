import type { AppError } from '@cardea/core';
import type { FastifyReply } from 'fastify';

/** Answers a device on Vs or Vr with `{error}` (B1); Retry-After in whole seconds when the error says when to try again. */
export function sendWireError(
  reply: FastifyReply,
  error: AppError,
  { status = error.httpStatus, beside }: { readonly status?: number; readonly beside?: Readonly<Record<string, unknown>> } = {},
): FastifyReply {
  if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(error.retryAfterMs / 1000));
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .send({ error: error.toWireError(), ...beside });
}
