import type { Problem } from '@cardea/api';
import { AppError } from '@cardea/core';
import { statusNameOf, statusTable } from '@cardea/protocol';
import type { FastifyReply } from 'fastify';

export const PROBLEM_TYPE = 'application/problem+json';

/** Any thrown value as an AppError; what Fastify refuses before a handler runs is the caller's fault. */
export function toAppError(thrown: unknown): AppError {
  if (!(thrown instanceof Error) || !('statusCode' in thrown) || !('code' in thrown)) return AppError.from(thrown);
  // A path written so that it might lead elsewhere.
  if (thrown.code === 'FST_STATIC_FORBIDDEN_PATH') return new AppError('NOT_FOUND', undefined, { cause: thrown });
  if (thrown.statusCode === 413) return new AppError('TOO_LARGE', undefined, { cause: thrown });
  if (thrown.statusCode === 415) {
    return new AppError('INVALID_REQUEST', undefined, { cause: thrown, httpStatus: 415, message: 'a body of this type is not taken here' });
  }
  if (thrown.code === 'FST_ERR_CTP_INVALID_JSON_BODY') return new AppError('PARSE_ERROR', undefined, { cause: thrown });
  const callersFault = typeof thrown.statusCode === 'number' && thrown.statusCode >= 400 && thrown.statusCode < 500;
  return new AppError(callersFault ? 'INVALID_REQUEST' : 'INTERNAL_ERROR', undefined, { cause: thrown });
}

/** The answer to a user whose request failed (RFC 9457). What went wrong inside the platform is not told. */
export function problemOf(error: AppError): Problem {
  const { remote } = error;
  const internal = error.status === 'INTERNAL_ERROR' && remote === undefined;
  const { stepUp, ...details } = error.details ?? {};
  return {
    type: `urn:cardea:problem:${error.status}`,
    title: statusTable[error.status].meaning,
    status: httpStatusOf(error),
    detail: internal ? statusTable.INTERNAL_ERROR.meaning : error.message,
    code: error.code,
    name: error.status,
    retryable: error.retryable,
    ...(internal || Object.keys(details).length === 0 ? {} : { details }),
    ...(remote === undefined ? {} : { deviceError: remote.code }),
    ...(remote?.data === undefined ? {} : { deviceErrorData: remote.data }),
    ...(stepUp === true ? { stepUp } : {}),
  };
}

/** Answers with the problem, and with Retry-After in whole seconds when the error says when to try again. */
export function sendProblem(reply: FastifyReply, error: AppError): FastifyReply {
  const problem = problemOf(error);
  if (error.retryAfterMs !== undefined) reply.header('retry-after', Math.max(1, Math.ceil(error.retryAfterMs / 1000)));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="cardea"');
  // As bytes, since Fastify would add a charset to the type of a text, which JSON does not have (RFC 8259 11).
  return reply
    .status(problem.status)
    .header('content-type', PROBLEM_TYPE)
    .send(Buffer.from(JSON.stringify(problem)));
}

/** What a device refused is a conflict with its state, unless it cannot do it at all or did not answer. */
function httpStatusOf({ httpStatus, remote }: AppError): number {
  if (remote === undefined) return httpStatus;
  const name = statusNameOf(remote.code);
  if (name === 'METHOD_NOT_FOUND' || name === 'NOT_SUPPORTED') return 422;
  return name === 'TIMEOUT' ? 504 : 409;
}
