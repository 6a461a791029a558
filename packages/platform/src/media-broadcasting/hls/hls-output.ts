import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@cardea/core';
import type { HttpServer } from '../../http/http-server.ts';
import { type HttpAnswer, MEDIA_TYPE, PLAYLIST_TYPE, sendAnswer, sendRefusal } from '../http-answer.ts';
import type { LiveOutput, LiveOutputContext } from '../live-output.ts';
import { livePath, mediaSourceOf, parseLivePath } from '../live-path.ts';
import { wantsSound } from '../media-feed.ts';
import { PerBroadcast } from '../per-broadcast.ts';
import type { MediaSource } from '../ports.ts';
import type { ViewSession } from '../view-session.ts';
import { credentialsOf, type ViewerCredentials } from '../viewer-credentials.ts';
import { channelPlaylist } from './channel-playlist.ts';
import { HlsReader } from './hls-reader.ts';
import { HlsRequest } from './hls-request.ts';
import { HlsStream } from './hls-stream.ts';
import type { HlsPosition } from './hls-window.ts';

/** Players of one stream; the next gets 429. */
const MAX_READERS_PER_STREAM = 5_000;
/** Ends the addresses of a player that wants no sound. */
const SILENT = '&audio=off';

const MEDIA_FILES = ':file(^(?:init|segment|part)-[0-9-]+\\.m(?:p4|4s)$)';

/** What a request is for, below `/live/{deviceId}/{channel}/{stream}/`. */
type Wanted =
  | { readonly kind: 'playlist' }
  | { readonly kind: 'init'; readonly version: number }
  | { readonly kind: 'segment'; readonly sequence: number }
  | { readonly kind: 'part'; readonly sequence: number; readonly part: number };

interface Asked {
  readonly credentials: ViewerCredentials;
  /** `undefined` when the address names none. */
  readonly source: MediaSource | undefined;
  readonly sound: boolean;
}

/**
 * Low-latency HLS: `/live/{deviceId}/{channel}/{stream}/index.m3u8`, with fragmented MP4 in parts of a quarter of a second;
 * `/live/{deviceId}/{channel}/master.m3u8` for players that choose the stream themselves; `?audio=off` leaves the sound out.
 * Players wait for what comes next in a request that blocks. Every address in a playlist carries the token of the session.
 * @see RFC 8216bis 6.2 and appendix B
 */
export class HlsOutput implements LiveOutput {
  readonly name = 'hls';
  private readonly context: LiveOutputContext;
  private readonly streams: PerBroadcast<HlsStream>;
  private readonly silentStreams: PerBroadcast<HlsStream>;
  /** By what players show, a token or who they are, and what they read. */
  private readonly readers = new Map<string, Promise<HlsReader>>();

  constructor(context: LiveOutputContext) {
    this.context = context;
    const { clock } = context;
    this.streams = new PerBroadcast((broadcast) => new HlsStream({ feed: broadcast.feed({ sound: true }), clock }));
    this.silentStreams = new PerBroadcast(
      (broadcast) => new HlsStream({ feed: broadcast.feed({ sound: false }), clock, addressSuffix: SILENT }),
    );
  }

  start(http: HttpServer): void {
    const serve = (url: string, handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>): void => {
      http.app.route({
        method: ['GET', 'HEAD'],
        url,
        exposeHeadRoute: false,
        handler: (request, reply) => {
          // Thousands of these a second: the framework routes them and does no more.
          reply.hijack();
          void handle(request.raw, reply.raw);
        },
      });
    };
    serve('/live/:deviceId/:channel/master.m3u8', (request, response) => this.handleChannel(request, response));
    for (const file of ['index.m3u8', MEDIA_FILES]) {
      serve(`/live/:deviceId/:channel/:stream/${file}`, (request, response) => this.handle(request, response));
    }
  }

  addressOf({ claims }: ViewSession, token: string): string {
    return `${this.context.publicUrl()}${livePath(claims, 'index.m3u8')}?token=${token}`;
  }

  /** Never rejects. */
  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const asked = new HlsRequest(response);
    try {
      const path = parseLivePath(url.pathname);
      const wanted = wantedOf(path?.what);
      if (wanted === undefined) throw new AppError('NOT_FOUND');
      const credentials = credentialsOf(request, url, this.context.principalFromRequest);
      const reader = await this.readerOf({ credentials, source: path?.source, sound: wantsSound(url) });
      const answer = await reader.ask(asked, () => serve(reader, wanted, { url, request: asked }));
      const sizeBytes = sendAnswer(response, answer);
      reader.count(sizeBytes);
      this.context.counters.bytesOut += sizeBytes;
    } catch (error) {
      if (!asked.isClosed) this.refuse(response, error);
    }
  }

  private async readerOf(asked: Asked): Promise<HlsReader> {
    const key = keyOf(await identityOf(asked.credentials), asked);
    const known = this.readers.get(key);
    if (known !== undefined) return await known;
    // Requests that come together make one reader.
    const opening = this.open(asked, key);
    this.readers.set(key, opening);
    try {
      return await opening;
    } catch (error) {
      this.readers.delete(key);
      throw error;
    }
  }

  private async open(asked: Asked, key: string): Promise<HlsReader> {
    const { admission, clock } = this.context;
    const { session, onClosed } = await admission.admitToChannel(asked.credentials, asked.source);
    try {
      const stream = (asked.sound ? this.streams : this.silentStreams).of(await admission.broadcastOf(session));
      if (stream.viewers >= MAX_READERS_PER_STREAM) throw new AppError('LIMIT_EXCEEDED');
      const token = admission.shortTokenOf(session);
      const keys = [key, keyOf(token, asked)];
      const reader: HlsReader = new HlsReader({
        token,
        session,
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

  /** Never rejects. */
  private async handleChannel(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { admission, channels, principalFromRequest } = this.context;
    const url = new URL(request.url ?? '/', 'http://localhost');
    try {
      const [, , deviceId, channel] = url.pathname.split('/');
      const source = mediaSourceOf({ deviceId, channel, stream: 'main' });
      const session = await admission.channelSession(credentialsOf(request, url, principalFromRequest), source);
      const { video } = await channels.lensOf(session.claims.deviceId, session.claims.channel);
      const text = channelPlaylist(video, admission.shortTokenOf(session), wantsSound(url) ? '' : SILENT);
      sendAnswer(response, { type: PLAYLIST_TYPE, pieces: [Buffer.from(text)] });
    } catch (error) {
      this.refuse(response, error);
    }
  }

  private refuse(response: ServerResponse, thrown: unknown): void {
    const error = AppError.from(thrown);
    if (error.status === 'INTERNAL_ERROR') this.context.logger.warn({ err: thrown }, 'an HLS player was not served');
    sendRefusal(response, error);
  }
}

async function serve(
  { stream, token }: HlsReader,
  wanted: Wanted,
  { url, request }: { readonly url: URL; readonly request: HlsRequest },
): Promise<HttpAnswer> {
  switch (wanted.kind) {
    case 'playlist': {
      const text = await stream.playlist({ token, position: positionOf(url.searchParams) }, request);
      return { type: PLAYLIST_TYPE, pieces: [Buffer.from(text)] };
    }
    case 'init':
      return { type: MEDIA_TYPE, pieces: [stream.init(wanted.version)] };
    case 'segment':
      return { type: MEDIA_TYPE, pieces: stream.segment(wanted.sequence) };
    case 'part':
      return { type: MEDIA_TYPE, pieces: [await stream.part(wanted.sequence, wanted.part, request)] };
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

/** What stands for whoever asks. @throws AppError UNAUTHORIZED when nothing valid is shown */
async function identityOf({ token, principal }: ViewerCredentials): Promise<string> {
  if (token !== undefined) return token;
  const known = await principal();
  if (known === undefined) throw new AppError('UNAUTHORIZED');
  return JSON.stringify([known.userId, known.userSessionId]);
}

function keyOf(identity: string, { source, sound }: Asked): string {
  return `${source?.deviceId}/${source?.channel}/${source?.stream}/${sound}/${identity}`;
}
