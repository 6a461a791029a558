import type { IncomingMessage, ServerResponse } from 'node:http';
import { AppError } from '@cardea/core';
import type { DirectRequest } from '../../http/direct-connection.ts';
import type { HttpServer } from '../../http/http-server.ts';
import { PLAYLIST_TYPE, sendAnswer } from '../http-answer.ts';
import type { LiveOutput, LiveOutputContext } from '../live-output.ts';
import { livePath, mediaSourceOf, parseLivePath } from '../live-path.ts';
import { wantsSound } from '../media-feed.ts';
import { PerBroadcast } from '../per-broadcast.ts';
import type { MediaSource } from '../ports.ts';
import type { ViewSession } from '../view-session.ts';
import { credentialsOf, type ViewerCredentials } from '../viewer-credentials.ts';
import { channelPlaylist } from './channel-playlist.ts';
import { HlsReader } from './hls-reader.ts';
import { DirectHlsRequest, type HlsRequest, hlsRequestOf } from './hls-request.ts';
import { HlsStream } from './hls-stream.ts';
import { hlsWantedOf, PLAYLIST_FILE } from './hls-wanted.ts';

/** Players of one stream; the next gets 429. */
const MAX_READERS_PER_STREAM = 5_000;
/** Ends the addresses of a player that wants no sound. */
const SILENT = '&audio=off';

const MEDIA_FILES = ':file(^(?:init|segment|part)-[0-9-]+\\.m(?:p4|4s)$)';

/** The addresses of playlists and what players make of them; any others take the usual way. */
const directAddress =
  /^(\/live\/[^/?]+\/[^/?]+\/[^/?]+\/)([\w-]+\.\w+)(\?token=[\w.-]+(?:&audio=off)?)(?:&_HLS_msn=(\d{1,15})(?:&_HLS_part=(\d{1,6}))?)?$/;

interface Asked {
  readonly credentials: ViewerCredentials;
  /** `undefined` when the address names none. */
  readonly source: MediaSource | undefined;
  readonly sound: boolean;
}

/**
 * Low-latency HLS: `/live/{deviceId}/{channel}/{stream}/index.m3u8`, with fragmented MP4 in parts of a bit more than a quarter of a second;
 * `/live/{deviceId}/{channel}/master.m3u8` for players that choose the stream themselves; `?audio=off` leaves the sound out.
 * Players wait for what comes next in a request that blocks. Every address in a playlist carries the token of the session.
 * @see RFC 8216bis 6.2 and appendix B
 */
export class HlsOutput implements LiveOutput {
  readonly name = 'hls';
  private readonly context: LiveOutputContext;
  private readonly streams: PerBroadcast<HlsStream>;
  private readonly silentStreams: PerBroadcast<HlsStream>;
  /** By the beginning and the end of the addresses they use, or by who they are. */
  private readonly readers = new Map<string, HlsReader>();
  private readonly opening = new Map<string, Promise<HlsReader>>();

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
          reply.hijack();
          void handle(request.raw, reply.raw);
        },
      });
    };
    serve('/live/:deviceId/:channel/master.m3u8', (request, response) => this.handleChannel(request, response));
    for (const file of [PLAYLIST_FILE, MEDIA_FILES]) {
      serve(`/live/:deviceId/:channel/:stream/${file}`, (request, response) => {
        const url = new URL(request.url ?? '/', 'http://localhost');
        return this.handle(url, credentialsOf(request, url, this.context.principalFromRequest), hlsRequestOf(response));
      });
    }
    http.answerDirectly((request) => this.handleDirect(request));
  }

  addressOf({ claims }: ViewSession, token: string): string {
    return `${this.context.publicUrl()}${livePath(claims, PLAYLIST_FILE)}?token=${token}`;
  }

  /** Thousands of these a second: a player that is known costs one look at its address. */
  private handleDirect(direct: DirectRequest): boolean {
    const [, directory = '', file, query = '', sequence, part] = directAddress.exec(direct.target) ?? [];
    const wanted = hlsWantedOf(file, { sequence, part });
    if (wanted === undefined) return false;
    const request = new DirectHlsRequest(direct, () => this.context.clock.now());
    const reader = this.readers.get(directory + query);
    if (reader !== undefined) reader.take(wanted, request);
    else {
      const url = new URL(direct.target, 'http://localhost');
      const token = url.searchParams.get('token') ?? undefined;
      void this.handle(url, { token, principal: async () => undefined }, request);
    }
    return true;
  }

  /** Never rejects. */
  private async handle(url: URL, credentials: ViewerCredentials, request: HlsRequest): Promise<void> {
    const { searchParams } = url;
    try {
      const path = parseLivePath(url.pathname);
      const sequence = searchParams.get('_HLS_msn') ?? undefined;
      const part = searchParams.get('_HLS_part') ?? undefined;
      const wanted = hlsWantedOf(path?.what, { sequence, part });
      if (wanted === undefined) throw new AppError('NOT_FOUND');
      const reader = await this.readerOf({ credentials, source: path?.source, sound: wantsSound(url) });
      reader.take(wanted, request);
    } catch (error) {
      this.refuse(request, error);
    }
  }

  private async readerOf(asked: Asked): Promise<HlsReader> {
    const key = keyOf(await identityOf(asked.credentials), asked);
    const known = this.readers.get(key) ?? this.opening.get(key);
    if (known !== undefined) return await known;
    // Requests that come together make one reader.
    const opening = this.open(asked, key);
    this.opening.set(key, opening);
    try {
      return await opening;
    } finally {
      this.opening.delete(key);
    }
  }

  private async open(asked: Asked, key: string): Promise<HlsReader> {
    const { admission } = this.context;
    const { session, onClosed } = await admission.admitToChannel(asked.credentials, asked.source);
    try {
      const stream = (asked.sound ? this.streams : this.silentStreams).of(await admission.broadcastOf(session));
      if (stream.viewers >= MAX_READERS_PER_STREAM) throw new AppError('LIMIT_EXCEEDED');
      const token = admission.shortTokenOf(session);
      const keys = [key, keyOf(`token=${token}`, asked)];
      const reader: HlsReader = new HlsReader({
        ...this.context,
        token,
        session,
        stream,
        refuse: (request, thrown) => this.refuse(request, thrown),
        onClosed: () => {
          for (const each of keys) this.readers.delete(each);
          onClosed();
        },
      });
      for (const each of keys) this.readers.set(each, reader);
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
      sendAnswer(response, { type: PLAYLIST_TYPE, sizeBytes: text.length, pieces: [text] });
    } catch (error) {
      this.refuse(hlsRequestOf(response), error);
    }
  }

  private refuse(request: HlsRequest, thrown: unknown): void {
    if (request.isClosed) return;
    const error = AppError.from(thrown);
    if (error.status === 'INTERNAL_ERROR') this.context.logger.warn({ err: thrown }, 'an HLS player was not served');
    request.refuse(error);
  }
}

/** What stands for whoever asks, and can be said by nobody else. @throws AppError UNAUTHORIZED when nothing valid is shown */
async function identityOf({ token, principal }: ViewerCredentials): Promise<string> {
  if (token !== undefined) return `token=${token}`;
  const known = await principal();
  if (known === undefined) throw new AppError('UNAUTHORIZED');
  return `user=${JSON.stringify([known.userId, known.userSessionId])}`;
}

/** For a token, what the address of a request is without what it is for. */
function keyOf(identity: string, { source, sound }: Asked): string {
  return `${source && livePath(source, '')}?${identity}${sound ? '' : SILENT}`;
}
