import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@cardea/core';
import type { HttpServer } from '../../http/http-server.ts';
import { PROBLEM_TYPE, problemOf } from '../../http/problem.ts';
import type { LiveOutput, LiveOutputContext } from '../live-output.ts';
import { livePath, parseLivePath } from '../live-path.ts';
import { PerBroadcast } from '../per-broadcast.ts';
import type { MediaSource } from '../ports.ts';
import type { ViewSession } from '../view-session.ts';
import { credentialsOf, type ViewerCredentials } from '../viewer-credentials.ts';
import { HlsReader } from './hls-reader.ts';
import { HlsStream } from './hls-stream.ts';
import type { HlsPosition } from './hls-window.ts';

/** Players of one stream; the next gets 429. */
const MAX_READERS_PER_STREAM = 5_000;
const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
const MEDIA_TYPE = 'video/mp4';

const MEDIA_FILES = ':file(^(?:init|segment|part)-[0-9-]+\\.m(?:p4|4s)$)';

/** What a request is for, below `/live/{deviceId}/{channel}/{stream}/`. */
type Wanted =
  | { readonly kind: 'playlist' }
  | { readonly kind: 'init'; readonly version: number }
  | { readonly kind: 'segment'; readonly sequence: number }
  | { readonly kind: 'part'; readonly sequence: number; readonly part: number };

interface Answer {
  readonly type: string;
  readonly pieces: readonly Uint8Array[];
}

/**
 * Low-latency HLS: `/live/{deviceId}/{channel}/{stream}/index.m3u8`, with fragmented MP4 in parts of a quarter of a second.
 * Players wait for what comes next in a request that blocks. Every address in a playlist carries the token of the session.
 * @see RFC 8216bis 6.2 and appendix B
 */
export class HlsOutput implements LiveOutput {
  readonly name = 'hls';
  private readonly context: LiveOutputContext;
  private readonly streams: PerBroadcast<HlsStream>;
  /** By what players show: a token, or who they are and what they read. */
  private readonly readers = new Map<string, Promise<HlsReader>>();

  constructor(context: LiveOutputContext) {
    this.context = context;
    this.streams = new PerBroadcast(({ stream }) => new HlsStream({ stream, clock: context.clock }));
  }

  start(http: HttpServer): void {
    for (const file of ['index.m3u8', MEDIA_FILES]) {
      http.app.route({
        method: ['GET', 'HEAD'],
        url: `/live/:deviceId/:channel/:stream/${file}`,
        exposeHeadRoute: false,
        handler: (request, reply) => {
          // Thousands of these a second: the framework routes them and does no more.
          reply.hijack();
          void this.handle(request.raw, reply.raw);
        },
      });
    }
  }

  addressOf({ claims }: ViewSession, token: string): string {
    return `${this.context.publicUrl()}${livePath(claims, 'index.m3u8')}?token=${token}`;
  }

  /** Never rejects. */
  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    try {
      const path = parseLivePath(url.pathname);
      const wanted = wantedOf(path?.what);
      if (wanted === undefined) throw new AppError('NOT_FOUND');
      const reader = await this.readerOf(credentialsOf(request, url, this.context.principalFromRequest), path?.source);
      const answer = await reader.ask((signal) => serve(reader, wanted, { url, signal }), gone.signal);
      reader.carry(response);
      this.send(response, answer, { withBody: request.method === 'GET' });
    } catch (error) {
      if (!gone.signal.aborted) this.refuse(response, error);
    }
  }

  private async readerOf(credentials: ViewerCredentials, source: MediaSource | undefined): Promise<HlsReader> {
    const key = await keyOf(credentials, source);
    const known = this.readers.get(key);
    if (known !== undefined) {
      const reader = await known;
      if (source === undefined || !isSame(reader.session.claims, source)) throw new AppError('UNAUTHORIZED');
      return reader;
    }
    // Requests that come together make one reader.
    const opening = this.open(credentials, source, key);
    this.readers.set(key, opening);
    try {
      return await opening;
    } catch (error) {
      this.readers.delete(key);
      throw error;
    }
  }

  private async open(credentials: ViewerCredentials, source: MediaSource | undefined, key: string): Promise<HlsReader> {
    const { admission, clock } = this.context;
    const { session, onClosed } = await admission.admit(credentials, source);
    try {
      const stream = this.streams.of(await admission.broadcastOf(session));
      if (stream.viewers >= MAX_READERS_PER_STREAM) throw new AppError('LIMIT_EXCEEDED');
      const token = admission.shortTokenOf(session);
      const keys = [key, token];
      const reader: HlsReader = new HlsReader({
        session,
        token,
        stream,
        clock,
        onClosed: () => {
          for (const each of keys) this.readers.delete(each);
          onClosed();
        },
      });
      for (const each of keys) this.readers.set(each, Promise.resolve(reader));
      return reader;
    } catch (error) {
      onClosed();
      throw error;
    }
  }

  private send(response: ServerResponse, { type, pieces }: Answer, { withBody }: { readonly withBody: boolean }): void {
    const sizeBytes = pieces.reduce((sum, { length }) => sum + length, 0);
    response.writeHead(200, { ...commonHeaders, 'content-type': type, 'content-length': sizeBytes });
    if (withBody) {
      this.context.counters.bytesOut += sizeBytes;
      for (const piece of pieces) response.write(piece);
    }
    response.end();
  }

  private refuse(response: ServerResponse, thrown: unknown): void {
    const error = AppError.from(thrown);
    if (error.status === 'INTERNAL_ERROR') this.context.logger.warn({ err: thrown }, 'an HLS player was not served');
    const problem = problemOf(error);
    // RFC 8216bis 6.2.5.2 names the status of a wait that was in vain.
    const status = error.status === 'TIMEOUT' && error.remote === undefined ? 503 : problem.status;
    response.writeHead(status, {
      ...commonHeaders,
      'content-type': PROBLEM_TYPE,
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="cardea"' } : {}),
      ...(error.retryAfterMs === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(error.retryAfterMs / 1_000))) }),
    });
    response.end(JSON.stringify({ ...problem, status }));
  }
}

/** A page of any origin may read what it has the token for; without one a browser sends it no cookie of ours. */
const commonHeaders = {
  'cache-control': 'private, no-store',
  'access-control-allow-origin': '*',
  'cross-origin-resource-policy': 'cross-origin',
  'x-content-type-options': 'nosniff',
};

async function serve(
  { stream, token }: HlsReader,
  wanted: Wanted,
  { url, signal }: { readonly url: URL; readonly signal: AbortSignal },
): Promise<Answer> {
  switch (wanted.kind) {
    case 'playlist': {
      const text = await stream.playlist({ token, position: positionOf(url.searchParams), renditionReports: [] }, signal);
      return { type: PLAYLIST_TYPE, pieces: [Buffer.from(text)] };
    }
    case 'init':
      return { type: MEDIA_TYPE, pieces: [stream.init(wanted.version)] };
    case 'segment':
      return { type: MEDIA_TYPE, pieces: stream.segment(wanted.sequence) };
    case 'part':
      return { type: MEDIA_TYPE, pieces: [await stream.part(wanted.sequence, wanted.part, signal)] };
  }
}

function wantedOf(what: string | undefined): Wanted | undefined {
  if (what === 'index.m3u8') return { kind: 'playlist' };
  const [, kind, first, second] = /^(init|segment|part)-(\d{1,15})(?:-(\d{1,6}))?\.m(?:p4|4s)$/.exec(what ?? '') ?? [];
  if (kind === 'part' && second !== undefined) return { kind, sequence: Number(first), part: Number(second) };
  if (second !== undefined) return undefined;
  if (kind === 'init') return { kind, version: Number(first) };
  return kind === 'segment' ? { kind, sequence: Number(first) } : undefined;
}

/** @throws AppError INVALID_PARAMS for directives that are no numbers, or a part of no segment (RFC 8216bis 6.2.5.2) */
function positionOf(query: URLSearchParams): HlsPosition | undefined {
  const sequence = directiveOf(query, '_HLS_msn');
  const part = directiveOf(query, '_HLS_part');
  if (sequence !== undefined) return { sequence, ...(part !== undefined && { part }) };
  if (part !== undefined) throw new AppError('INVALID_PARAMS', { _HLS_part: 'needs _HLS_msn' });
  return undefined;
}

function directiveOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new AppError('INVALID_PARAMS', { [name]: 'a whole number' });
  return Number(text);
}

/** @throws AppError UNAUTHORIZED when nothing valid is shown */
async function keyOf({ token, principal }: ViewerCredentials, source: MediaSource | undefined): Promise<string> {
  if (token !== undefined) return token;
  const known = await principal();
  if (known === undefined) throw new AppError('UNAUTHORIZED');
  return JSON.stringify([known.userId, known.userSessionId, source]);
}

function isSame(a: MediaSource, b: MediaSource): boolean {
  return a.deviceId === b.deviceId && a.channel === b.channel && a.stream === b.stream;
}
