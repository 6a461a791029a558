import { API_PATH, routes } from '@cardea/api';
import { AppError } from '@cardea/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pathOf } from '../http/path-of.ts';

const table = routes.map(({ method, path }) => ({ method, pattern: new RegExp(`^${API_PATH}${path.replace(/\{\w+\}/g, '[^/]+')}$`) }));

/**
 * Answers what no operation does: an address of the table says which methods it takes, to OPTIONS and with 405 to any other
 * (RFC 9110 9.3.7, 15.5.6); one that is none is 404. Pages of other sites are allowed nothing, so no preflight succeeds.
 */
export function bindOtherMethods(scope: FastifyInstance): void {
  scope.all('/*', { exposeHeadRoute: false }, async (request: FastifyRequest, reply: FastifyReply) => {
    const allowed = methodsAt(pathOf(request.url));
    // An operation that takes the method was not found by a part of its path that is longer than any.
    const isTaken = allowed.includes(request.method) && request.method !== 'OPTIONS';
    if (allowed.length === 0 || isTaken) throw new AppError('NOT_FOUND');
    reply.header('allow', allowed.join(', '));
    if (request.method === 'OPTIONS') return await reply.status(204).send();
    throw new AppError('INVALID_REQUEST', undefined, { httpStatus: 405, message: `this address takes ${allowed.join(', ')}` });
  });
}

function methodsAt(path: string): readonly string[] {
  const found = table.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
  if (found.length === 0) return [];
  return [...new Set(found.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))), 'OPTIONS'];
}
