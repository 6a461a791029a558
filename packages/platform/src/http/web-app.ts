import { AppError } from '@cardea/core';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { pathOf } from './path-of.ts';
import { sendProblem } from './problem.ts';

const MISSING = 'The web app is not built. In the repository: npm run prepare\n';
/** Paths of interfaces: an unknown one below them is an error, never the app. */
const interfaces = /^\/(api|vs|vd|vm|vr|live|vod|s|healthz|readyz|metrics)(\/|$)/;

/**
 * Serves the built web app at `/`. Its own addresses (`/cameras/...`) get the same page, so that a reload works; files with a
 * hash in their name may be kept for ever, the page itself is asked for each time.
 */
export function registerWebApp(app: FastifyInstance, { directory }: { readonly directory?: string | undefined }): void {
  if (directory !== undefined) {
    void app.register(fastifyStatic, {
      root: directory,
      cacheControl: false,
      preCompressed: true,
      setHeaders: (reply, path) => {
        void reply.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
      },
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url);
    const isInterface = interfaces.test(path);
    if (isInterface) reply.header('cache-control', 'private, no-store');
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead || isInterface || /\.\w+$/.test(path)) return sendProblem(reply, new AppError('NOT_FOUND'));
    return sendPage(reply, { directory });
  });
}

/** Answers with the page of the app, whatever the address. */
export function sendPage(reply: FastifyReply, { directory }: { readonly directory?: string | undefined }): FastifyReply {
  if (directory === undefined) return reply.status(503).type('text/plain').send(MISSING);
  return reply.header('cache-control', 'no-cache').sendFile('index.html');
}
