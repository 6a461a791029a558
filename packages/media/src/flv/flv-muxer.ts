import type { AccessUnit, AudioTrack, Track, VideoTrack } from '../access-unit.ts';
import { MediaError } from '../media-error.ts';
import { opusHeadOf } from '../opus.ts';
import { encodeAmf0Metadata } from './amf0.ts';
import { ENHANCED_VIDEO, enhancedAudio, enhancedVideo, fourCc, frameType, packetType, soundFormat, videoCodec } from './flv-codes.ts';
import { type FlvTag, flvFileHeader, flvTagParts, flvType } from './flv-tag.ts';

const G711_RATE = 8_000;
/** Rate, size and layout bits, which readers of AAC and of enhanced sound pay no heed to. */
const AAC_FLAGS = 0x0f;
const SAMPLES_OF_16_BITS = 0x02;
const STEREO = 0x01;

/** Whether FLV has a way to say this codec, Enhanced RTMP included. */
export function flvCarries(track: Track): boolean {
  return !isG711(track) || (track.sampleRate === G711_RATE && track.channels <= 2);
}

/**
 * Writes FLV, or the media messages of RTMP: H.264, AAC and G.711 in the classic form, H.265, AV1 and Opus in the enhanced one.
 * Serialise once per stream and share the bytes; a muxer keeps nothing between units.
 * @see Adobe FLV 10.1 annex E; Enhanced RTMP v2
 */
export class FlvMuxer {
  private readonly tracks: ReadonlyMap<number, Track>;

  /** @throws MediaError CODEC_UNSUPPORTED when FLV cannot carry a track, INVALID_REQUEST for two tracks of one kind */
  constructor(tracks: readonly Track[]) {
    const refused = tracks.find((track) => !flvCarries(track));
    if (refused !== undefined) throw new MediaError('CODEC_UNSUPPORTED', `FLV cannot carry this ${refused.codec}`);
    if (tracks.length === 0 || new Set(tracks.map(({ kind }) => kind)).size !== tracks.length) {
      throw new MediaError('INVALID_REQUEST', 'FLV holds one track of each kind');
    }
    this.tracks = new Map(tracks.map((track) => [track.id, track]));
  }

  /** Begins a file. */
  fileHeader(): Uint8Array {
    const kinds = [...this.tracks.values()].map(({ kind }) => kind);
    return flvFileHeader({ hasAudio: kinds.includes('audio'), hasVideo: kinds.includes('video') });
  }

  /** `onMetaData`, then what decoders must know before the first unit; all at time 0. */
  headers(): readonly FlvTag[] {
    const tracks = [...this.tracks.values()];
    const sequenceHeaders = tracks.flatMap((track) => {
      const data = track.kind === 'video' ? videoHeader(track) : audioHeader(track);
      return data === undefined ? [] : [{ type: flvType[track.kind], timestampMs: 0, data }];
    });
    return [{ type: flvType.script, timestampMs: 0, data: metadata(tracks) }, ...sequenceHeaders];
  }

  /**
   * One unit: where it belongs, the bytes before its own, and those, not copied.
   * @throws MediaError INVALID_REQUEST for an unknown track
   */
  message(unit: AccessUnit): { readonly type: number; readonly timestampMs: number; readonly head: Uint8Array; readonly data: Uint8Array } {
    const track = this.tracks.get(unit.trackId);
    if (track === undefined) throw new MediaError('INVALID_REQUEST', `no track ${unit.trackId}`);
    const dtsMs = Math.round((unit.dts * 1_000) / track.timescale);
    const offsetMs = Math.round((unit.pts * 1_000) / track.timescale) - dtsMs;
    const head = track.kind === 'video' ? videoHead(track, unit.keyframe, offsetMs) : audioHead(track);
    return { type: flvType[track.kind], timestampMs: dtsMs % 0x1_0000_0000, head, data: unit.data };
  }

  /** One unit as it stands in a file. */
  tagParts(unit: AccessUnit): readonly Uint8Array[] {
    const { head, data, ...place } = this.message(unit);
    return flvTagParts(place, head, data);
  }
}

function videoHeader({ codec, config }: VideoTrack): Uint8Array {
  const head =
    codec === 'h264'
      ? [(frameType.key << 4) | videoCodec.avc, packetType.sequenceHeader, 0, 0, 0]
      : [ENHANCED_VIDEO | (frameType.key << 4) | enhancedVideo.sequenceStart, ...bytesOf(fourCc[codec])];
  return Uint8Array.of(...head, ...config);
}

function videoHead({ codec }: VideoTrack, keyframe: boolean, offsetMs: number): Uint8Array {
  const type = (keyframe ? frameType.key : frameType.inter) << 4;
  const offset = [(offsetMs >> 16) & 0xff, (offsetMs >> 8) & 0xff, offsetMs & 0xff] as const;
  if (codec === 'h264') return Uint8Array.of(type | videoCodec.avc, packetType.coded, ...offset);
  const head = [ENHANCED_VIDEO | type | enhancedVideo.coded, ...bytesOf(fourCc[codec])];
  return codec === 'av1' ? Uint8Array.from(head) : Uint8Array.of(...head, ...offset);
}

function audioHeader({ codec, config }: AudioTrack): Uint8Array | undefined {
  if (codec === 'aac') return Uint8Array.of((soundFormat.aac << 4) | AAC_FLAGS, packetType.sequenceHeader, ...config);
  if (codec !== 'opus') return undefined;
  return Uint8Array.of((soundFormat.enhanced << 4) | enhancedAudio.sequenceStart, ...bytesOf(fourCc.opus), ...opusHeadOf(config));
}

function audioHead({ codec, channels }: AudioTrack): Uint8Array {
  if (codec === 'aac') return Uint8Array.of((soundFormat.aac << 4) | AAC_FLAGS, packetType.coded);
  if (codec === 'opus') return Uint8Array.of((soundFormat.enhanced << 4) | enhancedAudio.coded, ...bytesOf(fourCc.opus));
  return Uint8Array.of((soundFormat[codec] << 4) | SAMPLES_OF_16_BITS | (channels === 2 ? STEREO : 0));
}

function metadata(tracks: readonly Track[]): Uint8Array {
  const video = tracks.find((track) => track.kind === 'video');
  const audio = tracks.find((track) => track.kind === 'audio');
  return encodeAmf0Metadata({
    ...(video && { width: video.width, height: video.height, videocodecid: videoCodecId(video) }),
    ...(audio && { audiocodecid: audioCodecId(audio), audiosamplerate: audio.sampleRate, stereo: audio.channels === 2 }),
    encoder: 'Cardea',
  });
}

function videoCodecId({ codec }: VideoTrack): number {
  return codec === 'h264' ? videoCodec.avc : fourCc[codec];
}

function audioCodecId({ codec }: AudioTrack): number {
  return codec === 'opus' ? fourCc.opus : soundFormat[codec];
}

function isG711(track: Track): track is AudioTrack {
  return track.codec === 'g711a' || track.codec === 'g711u';
}

function bytesOf(code: number): readonly number[] {
  return [code >>> 24, (code >>> 16) & 0xff, (code >>> 8) & 0xff, code & 0xff];
}
