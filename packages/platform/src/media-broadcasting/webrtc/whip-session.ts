import { AppError, type Clock, type Logger } from '@cardea/core';
import {
  type AccessUnit,
  buildOpusConfig,
  createDepacketiser,
  MediaError,
  opusTrack,
  parseRtpPacket,
  type RtpDepacketiser,
  RtpReorderBuffer,
  type SessionDescription,
  type Track,
} from '@cardea/media';
import { liveTimers, type StopReason } from '@cardea/protocol';
import type { Audio, Track as RtcTrack, Video } from 'node-datachannel';
import type { TokenClaims } from '../../tokens/token-issuer.ts';
import type { EndReason, LiveStream, Publisher } from '../live-stream.ts';
import type { MediaCounters } from '../ports.ts';
import { PublisherFeed } from '../publisher-feed.ts';
import { RtcConnection } from './rtc-connection.ts';
import type { RtcEngine } from './rtc-engine.ts';
import type { RtcResource } from './rtc-http.ts';
import { type PublishedFormat, readOffer, sentOpus, sentVideo } from './session-description.ts';

export interface WhipSessionOptions {
  readonly id: string;
  readonly engine: RtcEngine;
  readonly claims: TokenClaims['vm-publish'];
  readonly stream: LiveStream;
  readonly clock: Clock;
  readonly counters: MediaCounters;
  readonly logger: Logger;
  /** The connection is gone; called once. */
  readonly onClosed: () => void;
}

/** One stream of RTP that comes in. */
interface Lane {
  readonly id: number;
  readonly depacketiser: RtpDepacketiser;
  readonly reorder: RtpReorderBuffer;
  /** What the frames belong to, once it is known. */
  track: Track | undefined;
  /** Added to the times of the stream, which begin anywhere. */
  shift: number | undefined;
  lastPts: number;
  duration: number;
}

const VIDEO_ID = 1;
const AUDIO_ID = 2;
const OPUS_TIMESCALE = 48_000;
const FIRST_VIDEO_TICKS = 3_600;
const FIRST_OPUS_TICKS = 960;

/** One publisher on carrier `whip`: H.264 or H.265, with Opus. */
export class WhipSession implements Publisher, RtcResource {
  private readonly options: WhipSessionOptions;
  private readonly connection: RtcConnection;
  private readonly feed: PublisherFeed;
  private readonly startedMs: number;
  private readonly lanes: Lane[] = [];
  /** Held, since what nobody holds is closed by the library. */
  private readonly tracks: RtcTrack[] = [];
  private video: RtcTrack | undefined;
  private reason: EndReason = 'lost';
  private askedMs = Number.NEGATIVE_INFINITY;

  constructor(options: WhipSessionOptions) {
    const { claims, clock, counters, stream } = options;
    this.options = options;
    this.startedMs = clock.monotonicMs();
    this.connection = new RtcConnection({ ...options, onClosed: () => this.onClosed() });
    this.feed = new PublisherFeed({ publisher: this, stream, kind: claims.kind, clock, counters, onLate: (what) => this.onLate(what) });
  }

  get iceTag(): string {
    return this.connection.iceTag;
  }

  /** The answer to an offer. @throws AppError INVALID_PARAMS | CODEC_UNSUPPORTED when it sends neither H.264 nor H.265 */
  async answer(offer: string): Promise<string> {
    const description = readOffer(offer);
    const video = sentVideo(description);
    if (video === undefined) throw new AppError('CODEC_UNSUPPORTED', undefined, { message: 'the offer sends neither H.264 nor H.265' });
    const sdp = await this.connection.answer(offer, () => this.addTracks(video, description));
    this.feed.open();
    return sdp;
  }

  addCandidate(candidate: { readonly mid: string; readonly candidate: string }): void {
    this.connection.addCandidate(candidate);
  }

  /** Asks the publisher for a key frame, at most once a second. */
  requestKeyframe(): void {
    const nowMs = this.options.clock.monotonicMs();
    if (this.video?.isOpen() !== true || nowMs - this.askedMs < liveTimers.keyframeMinIntervalMs) return;
    this.askedMs = nowMs;
    this.video.requestKeyframe();
  }

  stop(reason: StopReason): void {
    this.end(reason);
  }

  /** The publisher said that it is done. */
  close(): void {
    this.end('command');
  }

  private end(reason: EndReason): void {
    this.reason = reason;
    this.connection.close();
  }

  private onClosed(): void {
    this.feed.close(this.reason);
    this.options.onClosed();
  }

  private onLate(what: string): void {
    this.options.logger.info({ deviceId: this.options.claims.deviceId }, `publisher over WebRTC: ${what}`);
    this.end('error');
  }

  private addTracks(video: PublishedFormat, description: SessionDescription): void {
    const { library } = this.options.engine;
    const media = new library.Video(video.mid, 'RecvOnly');
    if (video.codec === 'h264') media.addH264Codec(video.payloadType, video.parameters);
    else media.addH265Codec(video.payloadType);
    this.video = this.receive(
      media,
      this.laneOf(VIDEO_ID, createDepacketiser({ codec: video.codec, trackId: VIDEO_ID }), FIRST_VIDEO_TICKS),
    );
    this.video.onOpen(() => this.onOpen());
    const opus = sentOpus(description);
    if (opus === undefined) return;
    const sound = new library.Audio(opus.mid, 'RecvOnly');
    sound.addOpusCodec(opus.payloadType, opus.parameters);
    const track = opusTrack(AUDIO_ID, OPUS_TIMESCALE, buildOpusConfig(2));
    this.receive(sound, this.laneOf(AUDIO_ID, createDepacketiser({ track }), FIRST_OPUS_TICKS));
  }

  private laneOf(id: number, depacketiser: RtpDepacketiser, duration: number): Lane {
    const reorder = new RtpReorderBuffer();
    const lane: Lane = { id, depacketiser, reorder, track: depacketiser.track, shift: undefined, lastPts: 0, duration };
    this.lanes.push(lane);
    return lane;
  }

  private receive(media: Video | Audio, lane: Lane): RtcTrack {
    const track = this.connection.peer.addTrack(media);
    // It reports what arrived, without which senders stop after a while.
    track.setMediaHandler(new this.options.engine.library.RtcpReceivingSession());
    track.onMessage((bytes) => this.onPacket(bytes, lane));
    this.tracks.push(track);
    return track;
  }

  private onOpen(): void {
    if (this.connection.closed) return;
    this.feed.expectKeyframe();
  }

  private onPacket(bytes: Uint8Array, lane: Lane): void {
    if (this.connection.closed || isRtcp(bytes)) return;
    this.feed.count(bytes.length);
    try {
      for (const packet of lane.reorder.push(parseRtpPacket(Uint8Array.from(bytes)))) {
        for (const frame of lane.depacketiser.push(packet)) this.onFrame(lane, frame);
        if (lane.depacketiser.needsKeyframe) this.requestKeyframe();
      }
    } catch (error) {
      // A packet that makes no sense counts as lost.
      if (!(error instanceof MediaError)) throw error;
    }
  }

  private onFrame(
    lane: Lane,
    { pts, keyframe, data }: { readonly pts: number; readonly keyframe: boolean; readonly data: Uint8Array },
  ): void {
    const { track } = lane.depacketiser;
    if (track === undefined) return;
    if (track !== lane.track || lane.shift === undefined) this.begin(lane, track, pts);
    const at = pts + (lane.shift ?? 0);
    if (at > lane.lastPts) lane.duration = at - lane.lastPts;
    lane.lastPts = at;
    const unit: AccessUnit = { trackId: lane.id, dts: at, pts: at, duration: lane.duration, keyframe, data };
    this.feed.write([unit]);
  }

  /** Streams begin anywhere: each is put where its first frame came. What is sent changed, or is known only now. */
  private begin(lane: Lane, track: Track, pts: number): void {
    const elapsedMs = this.options.clock.monotonicMs() - this.startedMs;
    lane.shift ??= Math.round((elapsedMs * track.timescale) / 1_000) - pts;
    lane.lastPts = pts + lane.shift - lane.duration;
    const isNews = track !== lane.track || lane.id === VIDEO_ID;
    lane.track = track;
    const known = this.lanes.flatMap((each) => (each.track === undefined ? [] : [each.track]));
    // Sound alone is nothing to watch.
    if (isNews && known.some(({ kind }) => kind === 'video')) this.feed.begin(known);
  }
}

/** RFC 5761 4: types of RTCP where RTP has marker and payload type. */
function isRtcp(bytes: Uint8Array): boolean {
  const second = bytes[1] ?? 0;
  return second >= 192 && second <= 223;
}
