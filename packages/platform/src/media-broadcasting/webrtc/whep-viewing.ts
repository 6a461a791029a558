import type { Logger } from '@cardea/core';
import type { SessionDescription, Track } from '@cardea/media';
import type { Track as RtcTrack } from 'node-datachannel';
import type { Broadcast } from '../broadcast.ts';
import { unsupported } from '../carried-by.ts';
import type { MediaCounters } from '../ports.ts';
import type { ConnectionReport, ViewerConnection, ViewerConnectionOptions } from '../view-session.ts';
import { RtcConnection } from './rtc-connection.ts';
import type { RtcEngine } from './rtc-engine.ts';
import type { RtcResource } from './rtc-http.ts';
import { type RtcStream, rtcTracksOf } from './rtc-stream.ts';
import { type RtcKind, type RtcLane, RtcViewer } from './rtc-viewer.ts';
import { type ChosenFormat, chooseH264, chooseOpus, readOffer } from './session-description.ts';

export interface WhepViewingOptions extends ViewerConnectionOptions {
  readonly id: string;
  readonly engine: RtcEngine;
  readonly broadcast: Broadcast;
  readonly stream: RtcStream;
  readonly counters: MediaCounters;
  readonly logger: Logger;
}

/** One viewer over WebRTC, from the offer until it is closed. */
export class WhepViewing implements ViewerConnection, RtcResource {
  private readonly options: WhepViewingOptions;
  private readonly connection: RtcConnection;
  private readonly use: Disposable;
  /** Held, since what nobody holds is closed by the library. */
  private readonly tracks: RtcTrack[] = [];
  private viewer: RtcViewer | undefined;
  private subscription: Disposable | undefined;

  constructor(options: WhepViewingOptions) {
    this.options = options;
    this.connection = new RtcConnection({ ...options, onClosed: () => this.onClosed() });
    this.use = options.session.attach(this);
  }

  get iceTag(): string {
    return this.connection.iceTag;
  }

  report(): ConnectionReport {
    return { form: 'whep', bytesOut: this.viewer?.bytesOut ?? 0 };
  }

  /** The answer to an offer. @throws AppError INVALID_PARAMS | CODEC_UNSUPPORTED when the viewer takes no H.264, or the camera sends none */
  async answer(offer: string, tracks: readonly Track[]): Promise<string> {
    const { video, audio } = chosenOf(readOffer(offer), tracks);
    return await this.connection.answer(offer, () => {
      const lanes = { video: this.addTrack('video', video), ...(audio && { audio: this.addTrack('audio', audio) }) };
      this.viewer = this.createViewer(lanes);
    });
  }

  addCandidate(candidate: { readonly mid: string; readonly candidate: string }): void {
    this.connection.addCandidate(candidate);
  }

  close(): void {
    this.connection.close();
  }

  private onClosed(): void {
    this.subscription?.[Symbol.dispose]();
    this.viewer?.[Symbol.dispose]();
    this.use[Symbol.dispose]();
    this.options.onClosed();
  }

  private addTrack(kind: RtcKind, { mid, payloadType, parameters }: ChosenFormat): RtcLane {
    const { Audio, Video } = this.options.engine.library;
    const ssrc = this.options.stream.ssrcs[kind];
    const media = kind === 'video' ? new Video(mid, 'SendOnly') : new Audio(mid, 'SendOnly');
    if ('addH264Codec' in media) media.addH264Codec(payloadType, parameters);
    else media.addOpusCodec(payloadType, parameters);
    media.addSSRC(ssrc, 'cardea', 'cardea', kind);
    const track = this.connection.peer.addTrack(media);
    this.tracks.push(track);
    track.onMessage((bytes) => this.viewer?.receive(bytes));
    if (kind === 'video') track.onOpen(() => this.begin());
    return { payloadType, ssrc, send: (packet) => this.send(track, packet) };
  }

  /** A viewer that left this moment is no fault of those behind it. */
  private send(track: RtcTrack, packet: Buffer): void {
    if (this.connection.closed) return;
    try {
      track.sendMessageBinary(packet);
    } catch (error) {
      this.options.logger.debug({ err: error }, 'a viewer over WebRTC is gone');
      this.close();
    }
  }

  private createViewer(lanes: Readonly<Partial<Record<RtcKind, RtcLane>>>): RtcViewer {
    const { broadcast, clock, counters, stream } = this.options;
    return new RtcViewer({ lanes, burst: () => stream.burst(), onNeedsKeyframe: () => broadcast.requestKeyframe(), clock, counters });
  }

  private begin(): void {
    if (this.connection.closed || this.viewer === undefined) return;
    this.subscription ??= this.options.stream.join({ viewer: this.viewer, onForeignTracks: () => this.close() });
  }
}

function chosenOf(
  offer: SessionDescription,
  tracks: readonly Track[],
): { readonly video: ChosenFormat; readonly audio: ChosenFormat | undefined } {
  const { video, audio } = rtcTracksOf(tracks);
  const chosen = video && chooseH264(offer, video);
  if (chosen === undefined) throw unsupported('whep', tracks, 'the offer has no H.264 to receive');
  return { video: chosen, audio: audio && chooseOpus(offer) };
}
