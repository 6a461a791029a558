import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@cardea/core';
import type { HttpServer } from '../../http/http-server.ts';
import { mediaHeaders, sendRefusal } from '../http-answer.ts';
import { latencyOf } from '../latency-class.ts';
import type { LiveOutput, LiveOutputContext } from '../live-output.ts';
import { livePath, parseLivePath } from '../live-path.ts';
import { wantsSound } from '../media-feed.ts';
import type { ViewSession } from '../view-session.ts';
import { credentialsOf } from '../viewer-credentials.ts';
import { FlvConnection } from './flv-connection.ts';
import { httpFlv } from './http-flv.ts';

const FILE = 'stream.flv';
const FLV_TYPE = 'video/x-flv';
/** Connections to one stream; the next gets 429. */
const MAX_VIEWERS_PER_STREAM = 5_000;

/**
 * HTTP-FLV: `GET /live/{deviceId}/{channel}/{stream}/stream.flv` is answered by an FLV file without an end. `?audio=off` leaves
 * the sound out, `?latency=relaxed` lets pictures wait for one another.
 */
export class HttpFlvOutput implements LiveOutput {
  readonly name = 'flv';
  private readonly context: LiveOutputContext;

  constructor(context: LiveOutputContext) {
    this.context = context;
  }

  start({ app }: HttpServer): void {
    app.route({
      method: ['GET', 'HEAD'],
      url: `/live/:deviceId/:channel/:stream/${FILE}`,
      exposeHeadRoute: false,
      handler: (request, reply) => {
        reply.hijack();
        void this.handle(request.raw, reply.raw);
      },
    });
  }

  addressOf({ claims }: ViewSession, token: string): string {
    return `${this.context.publicUrl()}${livePath(claims, FILE)}?token=${token}`;
  }

  /** Never rejects. */
  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    const onGone = (): void => gone.abort();
    response.once('close', onGone);
    try {
      await this.serve(request, response, gone.signal);
    } catch (error) {
      if (!gone.signal.aborted) sendRefusal(response, AppError.from(error));
    } finally {
      response.off('close', onGone);
    }
  }

  private async serve(request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    const { admission, clock, principalFromRequest } = this.context;
    const url = new URL(request.url ?? '/', 'http://localhost');
    const source = parseLivePath(url.pathname)?.source;
    const { session, onClosed } = await admission.admit(credentialsOf(request, url, principalFromRequest), source);
    try {
      const broadcast = await admission.broadcastOf(session, { signal });
      const output = broadcast.fanOut(httpFlv, { sound: wantsSound(url), latency: latencyOf(url) });
      if (output.viewers >= MAX_VIEWERS_PER_STREAM) throw new AppError('LIMIT_EXCEEDED');
      const { socket } = response;
      if (socket === null || signal.aborted) throw new AppError('CANCELLED');
      if (request.method === 'HEAD') {
        response.writeHead(200, { ...mediaHeaders, 'content-type': FLV_TYPE }).end();
        return onClosed();
      }
      socket.write(ANSWER_HEAD);
      new FlvConnection({ socket, session, output, clock, onClosed }).start();
    } catch (error) {
      onClosed();
      throw error;
    }
  }
}

/** The same for all: the length is not known, so the connection ends with the file (RFC 9112 6.3). */
const ANSWER_HEAD = [
  'HTTP/1.1 200 OK',
  ...Object.entries({ ...mediaHeaders, 'content-type': FLV_TYPE, connection: 'close' }).map(([name, value]) => `${name}: ${value}`),
  '',
  '',
].join('\r\n');
