import { AppError, type Clock, type Random, sleep } from '@cardea/core';
import {
  attributeOf,
  formatOf,
  type InterleavedFrame,
  MediaError,
  parseSdp,
  parseTransport,
  type RtpSource,
  type RtspResponse,
  rtpSourceOf,
  type SdpMedia,
  type SessionDescription,
  transportHeader,
} from '@cardea/media';
import type { StatusName } from '@cardea/protocol';
import { nameOf, type RtspAddress } from './rtsp-address.ts';
import { RtspAuthorization } from './rtsp-authorization.ts';
import { RtspConnection } from './rtsp-connection.ts';

/** One stream of RTP that a camera sends. */
export interface RtspStream {
  readonly kind: 'video' | 'audio';
  readonly source: RtpSource;
  readonly payloadType: number;
}

/** Takes the packets of a session. The streams are those it gave, in that order. */
export interface RtspReceiver {
  rtp(stream: number, packet: Uint8Array): void;
  rtcp(stream: number, packet: Uint8Array): void;
}

export interface RtspSessionOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Called once, before the first packet: one stream of video and at most one of sound. */
  readonly receiverOf: (streams: readonly RtspStream[]) => RtspReceiver;
}

/** What a session lives without a sign of its client where it does not say (RFC 2326, 12.37). */
const DEFAULT_TIMEOUT_SEC = 60;
const LONGEST_TIMEOUT_SEC = 120;
const MAX_SESSION_CHARACTERS = 256;

interface ChosenStream extends RtspStream {
  readonly url: string;
}

/**
 * Has a camera send its stream over one connection and hands on what comes, until `signal` aborts (then it resolves) or the
 * camera ends it.
 * @throws AppError DEVICE_OFFLINE | GOING_AWAY | TIMEOUT | UNAUTHORIZED (user or password) | NOT_FOUND (no such path) |
 * CODEC_UNSUPPORTED | UNSPECIFIED
 */
export async function playRtsp(address: RtspAddress, options: RtspSessionOptions): Promise<void> {
  const session = new RtspSession(address, options);
  try {
    await session.play();
  } catch (error) {
    if (!options.signal.aborted) throw error;
  }
}

class RtspSession {
  private readonly address: RtspAddress;
  private readonly options: RtspSessionOptions;
  private readonly authorization: RtspAuthorization | undefined;
  private receiver: RtspReceiver | undefined;
  /** By channel of the connection. */
  private readonly channels = new Map<number, { readonly stream: number; readonly kind: 'rtp' | 'rtcp' }>();
  private session: Readonly<Record<string, string>> = {};
  private timeoutSec = DEFAULT_TIMEOUT_SEC;

  constructor(address: RtspAddress, options: RtspSessionOptions) {
    this.address = address;
    this.options = options;
    this.authorization = address.login && new RtspAuthorization(address.login, options.random);
  }

  async play(): Promise<void> {
    const { clock, signal, receiverOf } = this.options;
    using connection = await RtspConnection.open(this.address, { clock, signal, onFrame: (frame) => this.onFrame(frame) });
    const known = (await this.request(connection, 'OPTIONS', this.address.url)).headers.public ?? '';
    const { description, base } = await this.describe(connection);
    const streams = this.choose(description, base);
    this.receiver = receiverOf(streams);
    for (const [index, { url }] of streams.entries()) await this.setUp(connection, url, index);
    const url = resolved(attributeOf(description.attributes, 'control') ?? '*', base);
    await this.request(connection, 'PLAY', url, { Range: 'npt=0.000-' });
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    const method = /\bGET_PARAMETER\b/.test(known) ? 'GET_PARAMETER' : 'OPTIONS';
    try {
      await Promise.race([connection.ended, this.keepAlive(connection, { url, method, signal: either })]);
    } finally {
      stop.abort();
      connection.tell('TEARDOWN', url, this.headers('TEARDOWN', url));
    }
  }

  private async describe(connection: RtspConnection): Promise<{ readonly description: SessionDescription; readonly base: string }> {
    const { url } = this.address;
    const { headers, body } = await this.request(connection, 'DESCRIBE', url, { Accept: 'application/sdp' });
    try {
      const base = headers['content-base'] ?? headers['content-location'] ?? url;
      return { description: parseSdp(new TextDecoder().decode(body)), base };
    } catch (cause) {
      if (!(cause instanceof MediaError)) throw cause;
      throw this.failure('UNSPECIFIED', 'describes its stream in a way that cannot be read', cause);
    }
  }

  private choose({ media }: SessionDescription, base: string): readonly ChosenStream[] {
    const streamOf = (kind: 'video' | 'audio', index: number): ChosenStream | undefined =>
      media.flatMap((section) => (section.kind === kind ? chosenOf(section, { kind, trackId: index + 1, base }) : []))[0];
    const [video, audio] = [streamOf('video', 0), streamOf('audio', 1)];
    if (video === undefined) throw this.failure('CODEC_UNSUPPORTED', 'sends neither H.264 nor H.265 there');
    return audio === undefined ? [video] : [video, audio];
  }

  private async setUp(connection: RtspConnection, url: string, stream: number): Promise<void> {
    const wanted = [stream * 2, stream * 2 + 1] as const;
    const transport = transportHeader({ kind: 'interleaved', client: wanted });
    const { headers } = await this.request(connection, 'SETUP', url, { Transport: transport });
    const [rtp, rtcp] = granted(headers.transport) ?? wanted;
    this.channels.set(rtp, { stream, kind: 'rtp' });
    this.channels.set(rtcp, { stream, kind: 'rtcp' });
    const [id = '', ...parameters] = (headers.session ?? '').split(';').map((part) => part.trim());
    if (id === '' || id.length > MAX_SESSION_CHARACTERS) throw this.failure('UNSPECIFIED', 'gives no session');
    this.session = { Session: id };
    const timeout = parameters.find((parameter) => /^timeout=\d{1,6}$/i.test(parameter))?.slice('timeout='.length);
    this.timeoutSec = Math.min(LONGEST_TIMEOUT_SEC, Math.max(2, Number(timeout ?? DEFAULT_TIMEOUT_SEC)));
  }

  /** Rejects when `signal` aborts or the camera does not answer any more. */
  private async keepAlive(
    connection: RtspConnection,
    { url, method, signal }: { readonly url: string; readonly method: string; readonly signal: AbortSignal },
  ): Promise<never> {
    for (;;) {
      await sleep(this.options.clock, (this.timeoutSec * 1_000) / 2, { signal });
      await this.request(connection, method, url);
    }
  }

  /** @throws AppError as `playRtsp`, when the camera does not do it */
  private async request(
    connection: RtspConnection,
    method: string,
    url: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<RtspResponse> {
    const send = (): Promise<RtspResponse> => connection.request(method, url, { ...this.headers(method, url), ...more });
    const first = await send();
    const isAskedWho = first.statusCode === 401 && this.authorization?.accept(first.headers['www-authenticate'] ?? '') === true;
    const response = isAskedWho ? await send() : first;
    if (response.statusCode >= 200 && response.statusCode < 300) return response;
    throw this.refusal(method, response);
  }

  private headers(method: string, url: string): Readonly<Record<string, string>> {
    const authorization = this.authorization?.header(method, url);
    return { ...this.session, ...(authorization !== undefined && { Authorization: authorization }) };
  }

  private refusal(method: string, { statusCode, reason }: RtspResponse): AppError {
    if (statusCode === 401 && this.authorization === undefined)
      return this.failure('UNAUTHORIZED', 'wants a user and a password: write the address as rtsp://USER:PASSWORD@HOST/PATH');
    if (statusCode === 401 || statusCode === 403)
      return this.failure('UNAUTHORIZED', 'refuses the user or the password: those of the address are not the ones set in the camera');
    if (statusCode === 404)
      return this.failure('NOT_FOUND', 'has no stream at this path: the manual of the camera names the path of its RTSP address');
    if (statusCode === 461) return this.failure('UNSPECIFIED', 'does not send over TCP: switch RTSP over TCP on in the camera');
    return this.failure('UNSPECIFIED', `answers ${method} with ${statusCode} ${reason.slice(0, 80)}`);
  }

  private failure(status: StatusName, what: string, cause?: unknown): AppError {
    const camera = nameOf(this.address);
    return new AppError(status, { camera }, { cause, message: `the camera at ${camera} ${what}` });
  }

  private onFrame({ channel, payload }: InterleavedFrame): void {
    const place = this.channels.get(channel);
    if (place?.kind === 'rtp') this.receiver?.rtp(place.stream, payload);
    if (place?.kind === 'rtcp') this.receiver?.rtcp(place.stream, payload);
  }
}

function chosenOf(
  section: SdpMedia,
  { kind, trackId, base }: { readonly kind: 'video' | 'audio'; readonly trackId: number; readonly base: string },
): readonly ChosenStream[] {
  return section.payloadTypes.flatMap((payloadType) => {
    const format = formatOf(section, payloadType);
    const source = format && rtpSourceOf(format, trackId);
    if (source === undefined || 'codec' in source !== (kind === 'video')) return [];
    return [{ kind, source, payloadType: Number(payloadType), url: resolved(attributeOf(section.attributes, 'control') ?? '*', base) }];
  });
}

/** The address of a `control` attribute: joined as text, as cameras mean it, since their addresses may carry a query (RFC 2326, C.1.1). */
function resolved(control: string, base: string): string {
  if (control === '*') return base;
  return /^rtsps?:\/\//i.test(control) ? control : `${base.replace(/\/$/, '')}/${control}`;
}

/** The channels a camera names, which need not be those it was asked for. */
function granted(transport = ''): readonly [number, number] | undefined {
  try {
    return parseTransport(transport)[0]?.client;
  } catch (error) {
    if (error instanceof MediaError) return undefined;
    throw error;
  }
}
