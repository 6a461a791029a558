import type { AudioTrack, Track } from '../access-unit.ts';
import { ByteCursor } from '../byte-cursor.ts';
import { MediaError, malformed } from '../media-error.ts';
import { NalDepacketiser } from './nal-depacketiser.ts';
import { type RtpPacket, sequenceDistance, TimestampUnwrapper } from './rtp-packet.ts';

/** One picture or audio frame out of RTP. */
export interface RtpFrame {
  /** Ticks of the RTP clock, which never wrap; where they begin means nothing. */
  readonly pts: number;
  readonly keyframe: boolean;
  /** As `data` of an access unit. */
  readonly data: Uint8Array;
}

/** Joins the packets of one stream, given in sequence, to frames. A payload that makes no sense counts as lost. */
export interface RtpDepacketiser {
  /** What the frames belong to, on the RTP clock; another object when it changed, `undefined` until a parameter set told. */
  readonly track: Track | undefined;
  /** Something was lost, so nothing comes out before the next key frame: worth asking the sender for one. Never for audio. */
  readonly needsKeyframe: boolean;
  push(packet: RtpPacket): readonly RtpFrame[];
}

/** What a session description says about a stream: a codec whose parameter sets come in band, or an audio track. */
export type RtpSource =
  | {
      readonly codec: 'h264' | 'h265';
      readonly trackId: number /** From the description. */;
      readonly parameterSets?: readonly Uint8Array[];
    }
  | { readonly track: AudioTrack };

export function createDepacketiser(source: RtpSource): RtpDepacketiser {
  if ('codec' in source) return new NalDepacketiser(source);
  return source.track.codec === 'aac' ? new AacDepacketiser(source.track) : new FrameDepacketiser(source.track);
}

/** Opus and G.711: every payload is a frame. */
class FrameDepacketiser implements RtpDepacketiser {
  readonly track: AudioTrack;
  readonly needsKeyframe = false;
  readonly #clock = new TimestampUnwrapper();

  constructor(track: AudioTrack) {
    this.track = track;
  }

  push({ payload, timestamp }: RtpPacket): readonly RtpFrame[] {
    return payload.length === 0 ? [] : [{ pts: this.#clock.unwrap(timestamp), keyframe: true, data: payload }];
  }
}

interface PartialFrame {
  readonly timestamp: number;
  readonly sizeBytes: number;
  readonly bytes: number[];
  sequence: number;
}

/** AAC-hbr (RFC 3640): several frames in a payload, or one frame in several payloads. */
class AacDepacketiser implements RtpDepacketiser {
  readonly track: AudioTrack;
  readonly needsKeyframe = false;
  readonly #clock = new TimestampUnwrapper();
  #partial: PartialFrame | undefined;

  constructor(track: AudioTrack) {
    this.track = track;
  }

  push(packet: RtpPacket): readonly RtpFrame[] {
    try {
      return this.#read(packet);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#partial = undefined;
      return [];
    }
  }

  #read(packet: RtpPacket): readonly RtpFrame[] {
    const cursor = new ByteCursor(packet.payload);
    const sizes = readSizes(cursor);
    const pts = this.#clock.unwrap(packet.timestamp);
    const [first = 0] = sizes;
    if (sizes.length === 1 && first > cursor.left)
      return this.#continue(packet, { sizeBytes: first, piece: cursor.take(cursor.left), pts });
    this.#partial = undefined;
    return sizes.map((size, index) => ({ pts: pts + index * samplesPerFrame, keyframe: true, data: cursor.take(size) }));
  }

  #continue(
    { sequence, timestamp }: RtpPacket,
    { sizeBytes, piece, pts }: { readonly sizeBytes: number; readonly piece: Uint8Array; readonly pts: number },
  ): readonly RtpFrame[] {
    const older = this.#partial;
    const goesOn = older?.timestamp === timestamp && older.sizeBytes === sizeBytes && sequenceDistance(older.sequence, sequence) === 1;
    const partial: PartialFrame = goesOn ? older : { timestamp, sizeBytes, bytes: [], sequence };
    partial.sequence = sequence;
    partial.bytes.push(...piece);
    this.#partial = partial.bytes.length < sizeBytes ? partial : undefined;
    return partial.bytes.length === sizeBytes ? [{ pts, keyframe: true, data: Uint8Array.from(partial.bytes) }] : [];
  }
}

const samplesPerFrame = 1_024;

/** The sizes in the AU header section (RFC 3640, 3.2.1). */
function readSizes(cursor: ByteCursor): readonly number[] {
  const headerBits = cursor.u16();
  if (headerBits === 0 || headerBits % 16 !== 0) throw malformed('AU headers of another form than AAC-hbr');
  const count = cursor.count(headerBits / 16, 2);
  return Array.from({ length: count }, () => cursor.u16() >> 3);
}
