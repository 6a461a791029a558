import { aacTrack, parseAudioSpecificConfig } from '../aac.ts';
import type { AccessUnit, AudioTrack, Track, VideoTrack } from '../access-unit.ts';
import { av1CodecString } from '../av1.ts';
import { g711Track } from '../g711.ts';
import { h264Track, parseAvcC } from '../h264.ts';
import { h265Track, parseHvcC } from '../h265.ts';
import { MediaError, malformed } from '../media-error.ts';
import { opusPacketSamples, opusSampleRate, opusTrack } from '../opus.ts';
import { type AmfObject, decodeAmf0, isAmfObject } from './amf0.ts';
import { type FlvAudioCodec, type FlvUnit, type FlvVideoCodec, parseAudioBody, parseVideoBody } from './flv-body.ts';
import { type FlvTag, flvType } from './flv-tag.ts';
import { SoundClock } from './sound-clock.ts';

/** Called synchronously, in the order of the stream. */
export interface FlvDemuxerEvents {
  /** What the publisher says about itself, as far as it is an object. */
  onMetadata?(metadata: AmfObject): void;
  /** All that follows belongs to these tracks: video first, then sound when there is any. */
  onTracks(tracks: readonly Track[]): void;
  /** Video in milliseconds; sound in ticks of its own sampling rate. */
  onUnits(units: readonly AccessUnit[]): void;
}

const VIDEO_ID = 1;
const AUDIO_ID = 2;
const MS_PER_SEC = 1_000;
/** Sound that was announced is waited for as long, so that viewers are told once what there is. */
const HOLD_MS = 500;
const HOLD_MAX_UNITS = 128;
const HOLD_MAX_BYTES = 4 * 1024 * 1024;
const USUAL_FRAME_MS = 40;
const LONGEST_FRAME_MS = 1_000;

/** Reads the tags of FLV, or the media messages of RTMP, into tracks and units. Sound before the first picture is dropped. */
export class FlvDemuxer {
  private readonly events: FlvDemuxerEvents;
  private video: VideoTrack | undefined;
  private audio: AudioTrack | undefined;
  private sound: SoundClock | undefined;
  private soundAnnounced = false;
  private size: PictureSize | undefined;
  private announced = false;
  private held: AccessUnit[] = [];
  private heldBytes = 0;
  private lastMs: number | undefined;
  private lastVideoMs: number | undefined;
  private frameMs = USUAL_FRAME_MS;

  constructor(events: FlvDemuxerEvents) {
    this.events = events;
  }

  /** @throws MediaError OBJECT_MISMATCH for a malformed tag, CODEC_UNSUPPORTED for video nothing here can carry */
  push({ type, timestampMs, data }: FlvTag): void {
    if (data.length === 0) return;
    if (type === flvType.script) this.onScript(data);
    else if (type === flvType.video) this.onVideo(data, timestampMs);
    else if (type === flvType.audio) this.onAudio(data, timestampMs);
  }

  private onScript(data: Uint8Array): void {
    const values = decodeAmf0(data);
    const name = values[0] === '@setDataFrame' ? values[1] : values[0];
    if (name !== 'onMetaData') return;
    const metadata = values.findLast(isAmfObject) ?? {};
    const { audiocodecid, width, height } = metadata;
    this.soundAnnounced = Boolean(audiocodecid);
    this.events.onMetadata?.(metadata);
    if (typeof width === 'number' && typeof height === 'number' && isSize(width) && isSize(height)) this.size = { width, height };
  }

  private onVideo(data: Uint8Array, timestampMs: number): void {
    const body = parseVideoBody(data);
    if (body.says === 'config') this.onVideoConfig(body.codec, body.config);
    else if (body.says === 'unit' && body.data.length > 0) this.onPicture(body, this.unwrapped(timestampMs));
  }

  private onPicture(body: FlvUnit<FlvVideoCodec>, atMs: number): void {
    if (this.video?.codec !== body.codec) throw malformed(`${body.codec} came before its configuration`);
    if (this.lastVideoMs !== undefined && atMs > this.lastVideoMs) this.frameMs = Math.min(LONGEST_FRAME_MS, atMs - this.lastVideoMs);
    this.lastVideoMs = atMs;
    const { keyframe, offsetMs } = body;
    this.deliver({ trackId: VIDEO_ID, dts: atMs, pts: atMs + offsetMs, duration: this.frameMs, keyframe, data: body.data });
  }

  private onVideoConfig(codec: FlvVideoCodec, config: Uint8Array): void {
    if (this.video?.codec === codec && isSame(this.video.config, config)) return;
    this.video = videoTrack(codec, config.slice(), this.size);
    if (this.announced) this.announce();
  }

  private onAudio(data: Uint8Array, timestampMs: number): void {
    const body = parseAudioBody(data);
    if (body.says === 'config') this.onAudioTrack(configuredTrack(body.codec, body.config));
    else if (body.says === 'unit') {
      if (body.codec === 'g711a' || body.codec === 'g711u')
        this.onAudioTrack(g711Track(AUDIO_ID, body.codec, { channels: ((data[0] ?? 0) & 1) + 1 }));
      this.onSound(body, this.unwrapped(timestampMs));
    }
  }

  private onSound(body: FlvUnit<FlvAudioCodec>, atMs: number): void {
    const { audio, sound } = this;
    if (audio?.codec !== body.codec || sound === undefined || this.video === undefined) return;
    const samples = samplesOf(audio, body.data);
    const dts = sound.place(atMs, samples);
    this.deliver({ trackId: AUDIO_ID, dts, pts: dts, duration: samples, keyframe: true, data: body.data });
  }

  private onAudioTrack(track: AudioTrack): void {
    if (this.audio?.codecString === track.codecString && isSame(this.audio.config, track.config)) return;
    this.audio = track;
    this.sound = new SoundClock(track.sampleRate);
    if (this.announced) this.announce();
  }

  private deliver(unit: AccessUnit): void {
    if (this.announced) this.events.onUnits([unit]);
    else this.hold(unit);
  }

  /** Until it is known what there is; the first unit that is kept is a picture or sound after its configuration. */
  private hold(unit: AccessUnit): void {
    this.held.push(unit);
    this.heldBytes += unit.data.length;
    const firstMs = this.held.find(({ trackId }) => trackId === VIDEO_ID)?.dts;
    const waitedMs = (this.lastVideoMs ?? 0) - (firstMs ?? 0);
    const isFull = this.held.length >= HOLD_MAX_UNITS || this.heldBytes >= HOLD_MAX_BYTES;
    const isComplete = this.audio !== undefined || !this.soundAnnounced;
    if (!isFull && (firstMs === undefined || !(isComplete || waitedMs >= HOLD_MS))) return;
    this.announce();
    const units = this.held;
    this.held = [];
    this.events.onUnits(units);
  }

  private announce(): void {
    this.announced = true;
    this.events.onTracks([this.video, this.audio].filter((track) => track !== undefined));
  }

  /** Timestamps start anew after 2^32 ms. */
  private unwrapped(timestampMs: number): number {
    const last = this.lastMs ?? timestampMs;
    const atMs = last + ((timestampMs - last) | 0);
    this.lastMs = Math.max(last, atMs);
    return Math.max(0, atMs);
  }
}

interface PictureSize {
  readonly width: number;
  readonly height: number;
}

function videoTrack(codec: FlvVideoCodec, config: Uint8Array, size: PictureSize | undefined): VideoTrack {
  if (codec === 'av1') return av1Track(config, size);
  const { nalLengthBytes } = codec === 'h264' ? parseAvcC(config) : parseHvcC(config);
  if (nalLengthBytes !== 4) throw new MediaError('CODEC_UNSUPPORTED', `${codec} whose NAL length fields are ${nalLengthBytes} bytes`);
  return codec === 'h264' ? h264Track(VIDEO_ID, MS_PER_SEC, config) : h265Track(VIDEO_ID, MS_PER_SEC, config);
}

/** The size of AV1 pictures is in the metadata that come before them. */
function av1Track(config: Uint8Array, size: PictureSize | undefined): VideoTrack {
  if (size === undefined) throw malformed('AV1 came without a size in its metadata');
  return { kind: 'video', id: VIDEO_ID, timescale: MS_PER_SEC, codec: 'av1', codecString: av1CodecString(config), config, ...size };
}

function configuredTrack(codec: FlvAudioCodec, config: Uint8Array): AudioTrack {
  if (codec === 'opus') return opusTrack(AUDIO_ID, opusSampleRate, config.slice());
  return aacTrack(AUDIO_ID, parseAudioSpecificConfig(config).sampleRate, config.slice());
}

const AAC_FRAME_SAMPLES = 1_024;
const withBandReplication = new Set(['mp4a.40.5', 'mp4a.40.29']);

/** How long a unit sounds, in samples of its track's rate. */
function samplesOf({ codec, codecString, channels }: AudioTrack, data: Uint8Array): number {
  if (codec === 'opus') return opusPacketSamples(data);
  if (codec !== 'aac') return Math.ceil(data.length / channels);
  return withBandReplication.has(codecString) ? 2 * AAC_FRAME_SAMPLES : AAC_FRAME_SAMPLES;
}

function isSize(pixels: number): boolean {
  return Number.isInteger(pixels) && pixels > 0 && pixels <= 0xffff;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
