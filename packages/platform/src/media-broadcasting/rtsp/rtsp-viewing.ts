import type { Clock } from '@cardea/core';
import { buildSdp, parseTransport, type RtspRequest, type RtspTransport, type Track, transportHeader } from '@cardea/media';
import type { Broadcast } from '../broadcast.ts';
import { unsupported } from '../carried-by.ts';
import { firstTracks } from '../first-tracks.ts';
import type { MediaSource } from '../ports.ts';
import type { ViewerSocket } from '../subscription.ts';
import { type RtspAddress, rtspAddress } from './rtsp-address.ts';
import type { RtspAnswer } from './rtsp-answer.ts';
import { DatagramViewer, MappedConnection } from './rtsp-carrier.ts';
import { payloadTypeOf, type RtspFeed, type RtspTrack, rtspTracksOf } from './rtsp-feed.ts';
import type { UdpPorts } from './udp-ports.ts';

export interface RtspViewingOptions {
  readonly source: MediaSource;
  readonly token: string;
  readonly broadcast: Broadcast;
  readonly feed: RtspFeed;
  readonly clock: Clock;
  /** The connection the requests come on. */
  readonly socket: ViewerSocket;
  /** Of the client. */
  readonly remoteAddress: string;
  /** @throws AppError LIMIT_EXCEEDED when no port is free */
  readonly udpPorts: (() => Promise<UdpPorts>) | undefined;
  /** It keeps falling behind, or what is sent is no longer what was described. */
  readonly onOver: () => void;
}

interface SetUpTrack {
  readonly track: RtspTrack;
  readonly kind: RtspTransport['kind'];
  readonly client: readonly [number, number];
}

/** What one client watches: tracks described, set up, playing. Requests on it come one after another. */
export class RtspViewing implements Disposable {
  private readonly options: RtspViewingOptions;
  private readonly setUp = new Map<number, SetUpTrack>();
  private tracks: readonly RtspTrack[] | undefined;
  private udp: UdpPorts | undefined;
  private playing: DisposableStack | undefined;
  /** Sent over UDP, in bytes. */
  private sentBytes = 0;

  constructor(options: RtspViewingOptions) {
    this.options = options;
  }

  get isPlaying(): boolean {
    return this.playing !== undefined;
  }

  get datagramBytes(): number {
    return this.sentBytes;
  }

  /** Nothing but reports and requests tells that the client is still there. */
  get needsSignsOfLife(): boolean {
    return !this.isPlaying || this.udp !== undefined;
  }

  /** Whether a request is about this. */
  isOf({ source, token }: RtspAddress): boolean {
    const { deviceId, channel, stream } = this.options.source;
    return token === this.options.token && source?.deviceId === deviceId && source.channel === channel && source.stream === stream;
  }

  /** Whether RTCP from this address is of this client. */
  reportsFrom(port: number): boolean {
    return this.udp !== undefined && [...this.setUp.values()].some(({ client }) => client.includes(port));
  }

  /** @throws AppError TIMEOUT | CANCELLED | CODEC_UNSUPPORTED */
  async describe({ origin }: RtspAddress, signal: AbortSignal): Promise<RtspAnswer> {
    const tracks = await this.describedTracks(signal);
    const { source, token } = this.options;
    const control = (track?: number) => ({
      name: 'control',
      value: rtspAddress(origin, source, { token, ...(track !== undefined && { track }) }),
    });
    const streams = tracks.map(({ kind, index, format }) => ({
      kind,
      payloadType: payloadTypeOf(index),
      format,
      attributes: [control(index)],
    }));
    const body = buildSdp('Cardea', [control()], streams);
    return { statusCode: 200, headers: { 'Content-Type': 'application/sdp', 'Cache-Control': 'no-store' }, body };
  }

  /** @throws AppError as `describe`, LIMIT_EXCEEDED */
  async prepare(request: RtspRequest, index: number | undefined, signal: AbortSignal): Promise<RtspAnswer> {
    if (this.isPlaying) return { statusCode: 455 };
    const tracks = await this.describedTracks(signal);
    // A client that was told of one track may ask for it by the address of the stream.
    const track = index === undefined && tracks.length === 1 ? tracks[0] : tracks.find((each) => each.index === index);
    if (track === undefined) return { statusCode: index === undefined ? 459 : 404 };
    const wanted = this.chooseTransport(request);
    if (wanted === undefined) return { statusCode: 461 };
    const client = wanted.client ?? [2 * track.index, 2 * track.index + 1];
    if (wanted.kind === 'udp') this.udp ??= await this.options.udpPorts?.();
    this.setUp.set(track.index, { track, kind: wanted.kind, client });
    const server = wanted.kind === 'udp' ? this.udp?.ports : undefined;
    const transport = { kind: wanted.kind, client, ssrc: this.options.feed.ssrcOf(track.index), ...(server && { server }) };
    return { statusCode: 200, headers: { Transport: transportHeader(transport) } };
  }

  play({ origin }: RtspAddress): RtspAnswer {
    if (this.setUp.size === 0) return { statusCode: 455 };
    const starts = this.isPlaying ? [] : [...this.setUp.values()].flatMap(({ track }) => this.startOf(track, origin));
    return { statusCode: 200, headers: { Range: 'npt=now-', ...(starts.length > 0 && { 'RTP-Info': starts.join(',') }) } };
  }

  /** RFC 2326, 12.33; only where a picture is kept, since nobody knows the first packet before. */
  private startOf(track: RtspTrack, origin: string): readonly string[] {
    const { broadcast, feed, source, token } = this.options;
    const { gop, tracks } = broadcast.stream;
    const first = gop.find(({ trackId }) => trackId === track.trackId);
    const timescale = tracks.find(({ id }) => id === track.trackId)?.timescale;
    if (first === undefined || timescale === undefined) return [];
    const isRunning = broadcast.fanOut(feed).viewers > 0;
    const { sequence, timestamp } = feed.startOf(track, { first, timescale, isRunning });
    return [`url=${rtspAddress(origin, source, { token, track: track.index })};seq=${sequence};rtptime=${timestamp}`];
  }

  /** Sends media from now on: to be called when the answer to PLAY is written. */
  start(): void {
    if (this.isPlaying) return;
    const { broadcast, feed, onOver } = this.options;
    const playing = new DisposableStack();
    this.playing = playing;
    const socket = this.carrier(playing);
    playing.use(broadcast.stream.attach({ onTracks: (tracks) => this.isAsDescribed(tracks) || onOver(), onBatch: () => {} }));
    playing.use(broadcast.fanOut(feed).join({ socket, onTooSlow: onOver }));
    if (broadcast.stream.gop.length === 0) broadcast.requestKeyframe();
  }

  pause(): RtspAnswer {
    if (!this.isPlaying) return { statusCode: 455 };
    this.stop();
    return { statusCode: 200 };
  }

  /** Tells the client that nothing more comes. */
  sayGoodbye(): void {
    if (!this.isPlaying) return;
    using playing = new DisposableStack();
    this.carrier(playing).write(this.options.feed.farewell([...this.setUp.values()].map(({ track }) => track)));
  }

  [Symbol.dispose](): void {
    this.stop();
    this.setUp.clear();
    this.udp = undefined;
  }

  private stop(): void {
    this.playing?.dispose();
    this.playing = undefined;
  }

  private async describedTracks(signal: AbortSignal): Promise<readonly RtspTrack[]> {
    const { broadcast, clock } = this.options;
    const offered = await firstTracks(broadcast.stream, { clock, signal });
    this.tracks ??= rtspTracksOf(offered);
    if (!this.tracks.some(({ kind }) => kind === 'video')) throw unsupported('rtsp', offered);
    return this.tracks;
  }

  private isAsDescribed(tracks: readonly Track[]): boolean {
    const now = rtspTracksOf(tracks);
    const described = this.tracks ?? [];
    if (now.length !== described.length) return false;
    return described.every(({ index, format }) => {
      const other = now.find((each) => each.index === index)?.format;
      return other?.encoding === format.encoding && other.clockRate === format.clockRate && other.channels === format.channels;
    });
  }

  /** The first alternative of the client, as long as all its tracks go the same way. */
  private chooseTransport({ headers }: RtspRequest): RtspTransport | undefined {
    const [first] = this.setUp.values();
    const hasUdp = this.options.udpPorts !== undefined;
    const usable = parseTransport(headers.transport ?? '').filter(({ kind, client }) =>
      kind === 'interleaved' ? true : hasUdp && client !== undefined,
    );
    return usable.find(({ kind }) => first === undefined || kind === first.kind);
  }

  private carrier(playing: DisposableStack): ViewerSocket {
    const { broadcast, clock, remoteAddress, socket } = this.options;
    const { udp } = this;
    const channels = new Map(
      [...this.setUp.values()].flatMap(({ track, client }) => client.map((to, side) => [2 * track.index + side, to])),
    );
    if (udp !== undefined) {
      const send = (packet: Uint8Array, to: { readonly port: number; readonly isReport: boolean }): void => {
        this.sentBytes += packet.length;
        udp.send(packet, { address: remoteAddress, ...to });
      };
      return playing.use(new DatagramViewer({ ports: channels, send, clock }));
    }
    const isWhole = rtspTracksOf(broadcast.stream.tracks).every(({ index }) =>
      [0, 1].every((side) => channels.get(2 * index + side) === 2 * index + side),
    );
    return isWhole ? socket : new MappedConnection(socket, channels);
  }
}
