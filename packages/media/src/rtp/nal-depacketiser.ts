import type { VideoTrack } from '../access-unit.ts';
import { ByteCursor } from '../byte-cursor.ts';
import { joinedBytes } from '../bytes.ts';
import { buildAvcC, h264Track } from '../h264.ts';
import { buildHvcC, h265Track } from '../h265.ts';
import { maxSampleBytes } from '../limits.ts';
import { MediaError, malformed } from '../media-error.ts';
import { joinLengthPrefixed } from '../nal-units.ts';
import { h264Scheme, h265Scheme, type NalScheme } from './nal-scheme.ts';
import type { RtpDepacketiser, RtpFrame } from './rtp-depacketiser.ts';
import { type RtpPacket, sequenceDistance, TimestampUnwrapper } from './rtp-packet.ts';

const clockRate = 90_000;
/** Slices, SEI and parameter sets of one picture. */
const maxNalUnits = 4_096;

/** A picture that is coming in. */
interface Picture {
  readonly timestamp: number;
  readonly nalUnits: Uint8Array[];
  /** Pieces of the NAL unit that is coming in, its header first. */
  pieces: Uint8Array[];
  sizeBytes: number;
}

/** H.264 (RFC 6184, single NAL units, STAP-A, FU-A) and H.265 (RFC 7798). Parameter sets go into the track, not into frames. */
export class NalDepacketiser implements RtpDepacketiser {
  readonly #codec: 'h264' | 'h265';
  readonly #trackId: number;
  readonly #scheme: NalScheme;
  readonly #clock = new TimestampUnwrapper();
  /** By nal_unit_type: those in force, and those of the picture that is coming in. */
  readonly #sets = new Map<number, readonly Uint8Array[]>();
  #newSets: Uint8Array[] = [];
  #track: VideoTrack | undefined;
  #picture: Picture | undefined;
  #sequence: number | undefined;
  #needsKeyframe = true;

  constructor(options: { readonly codec: 'h264' | 'h265'; readonly trackId: number; readonly parameterSets?: readonly Uint8Array[] }) {
    this.#codec = options.codec;
    this.#trackId = options.trackId;
    this.#scheme = options.codec === 'h264' ? h264Scheme : h265Scheme;
    this.#newSets = [...(options.parameterSets ?? [])];
    this.#takeSets();
  }

  get track(): VideoTrack | undefined {
    return this.#track;
  }

  get needsKeyframe(): boolean {
    return this.#needsKeyframe;
  }

  push(packet: RtpPacket): readonly RtpFrame[] {
    if (this.#sequence !== undefined && sequenceDistance(this.#sequence, packet.sequence) !== 1) this.#lose();
    this.#sequence = packet.sequence;
    const frames: RtpFrame[] = [];
    // A new time ends the picture before it, whose last packet had no marker.
    if (this.#picture !== undefined && this.#picture.timestamp !== packet.timestamp) frames.push(...this.#finish());
    this.#picture ??= { timestamp: packet.timestamp, nalUnits: [], pieces: [], sizeBytes: 0 };
    try {
      this.#read(packet.payload, this.#picture);
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#lose();
    }
    if (packet.marker) frames.push(...this.#finish());
    return frames;
  }

  #lose(): void {
    this.#picture = undefined;
    this.#newSets = [];
    this.#needsKeyframe = true;
  }

  #read(payload: Uint8Array, picture: Picture): void {
    const { aggregation, fragmentation, headerBytes, typeOf } = this.#scheme;
    if (payload.length <= headerBytes) throw malformed('an RTP payload without a NAL unit');
    const type = typeOf(payload);
    if (type === fragmentation) this.#readFragment(payload, picture);
    else if (type === aggregation) this.#readAggregate(new ByteCursor(payload, headerBytes), picture);
    else if (type > aggregation) throw malformed(`an RTP payload of type ${type}`);
    else this.#add(payload, picture);
  }

  #readAggregate(cursor: ByteCursor, picture: Picture): void {
    while (cursor.left > 0) this.#add(cursor.take(cursor.u16()), picture);
  }

  #readFragment(payload: Uint8Array, picture: Picture): void {
    const { headerBytes, headerOfType } = this.#scheme;
    const fragmentHeader = payload[headerBytes] ?? 0;
    const isFirst = (fragmentHeader & 0x80) !== 0;
    const isLast = (fragmentHeader & 0x40) !== 0;
    if (isFirst) picture.pieces = [headerOfType(payload, fragmentHeader & (headerBytes === 1 ? 0x1f : 0x3f))];
    else if (picture.pieces.length === 0) throw malformed('a fragment without its beginning');
    const piece = payload.subarray(headerBytes + 1);
    picture.sizeBytes += piece.length;
    if (picture.sizeBytes > maxSampleBytes) throw malformed('a picture beyond the limit');
    picture.pieces.push(piece);
    if (!isLast) return;
    const nalUnit = joinedBytes(...picture.pieces);
    picture.pieces = [];
    picture.sizeBytes -= nalUnit.length - headerBytes;
    this.#add(nalUnit, picture);
  }

  #add(nalUnit: Uint8Array, picture: Picture): void {
    const { headerBytes, isDelimiter, isParameterSet, typeOf } = this.#scheme;
    if (nalUnit.length <= headerBytes) throw malformed('an empty NAL unit');
    const type = typeOf(nalUnit);
    if (isDelimiter(type)) return;
    picture.sizeBytes += nalUnit.length;
    const held = isParameterSet(type) ? this.#newSets : picture.nalUnits;
    if (picture.sizeBytes > maxSampleBytes || held.length >= maxNalUnits) throw malformed('a picture beyond the limit');
    held.push(nalUnit);
  }

  #finish(): readonly RtpFrame[] {
    const picture = this.#picture;
    this.#picture = undefined;
    if (picture === undefined || !this.#takeSets()) return [];
    const { isKeySlice, typeOf } = this.#scheme;
    const keyframe = picture.nalUnits.some((nalUnit) => isKeySlice(typeOf(nalUnit)));
    if (picture.nalUnits.length === 0 || this.#track === undefined) return [];
    this.#needsKeyframe = !this.#isWhole(picture) || (this.#needsKeyframe && !keyframe);
    if (this.#needsKeyframe) return [];
    return [{ pts: this.#clock.unwrap(picture.timestamp), keyframe, data: joinLengthPrefixed(picture.nalUnits) }];
  }

  /** Its last fragment came, and its first slice is that of its first block: first_mb_in_slice 0, first_slice_segment_in_pic_flag. */
  #isWhole({ nalUnits, pieces }: Picture): boolean {
    const { headerBytes, isSlice, typeOf } = this.#scheme;
    const slice = nalUnits.find((nalUnit) => isSlice(typeOf(nalUnit)));
    return pieces.length === 0 && slice !== undefined && (slice[headerBytes] ?? 0) >= 0x80;
  }

  /** Puts the parameter sets that came in the place of those of their types. False when they cannot be read. */
  #takeSets(): boolean {
    const came = this.#newSets;
    this.#newSets = [];
    if (came.length === 0) return true;
    for (const [type, sets] of Map.groupBy(came, this.#scheme.typeOf)) this.#sets.set(type, sets);
    try {
      const track = this.#describe();
      if (track !== undefined && !isSame(track.config, this.#track?.config)) this.#track = track;
      return true;
    } catch (error) {
      if (!(error instanceof MediaError)) throw error;
      this.#needsKeyframe = true;
      return false;
    }
  }

  #describe(): VideoTrack | undefined {
    const ofType = (type: number): readonly Uint8Array[] => this.#sets.get(type) ?? [];
    if (this.#codec === 'h264') {
      const [sps, pps] = [ofType(7), ofType(8)];
      return sps.length === 0 || pps.length === 0 ? undefined : h264Track(this.#trackId, clockRate, buildAvcC(sps, pps));
    }
    const [vps, sps, pps] = [ofType(32), ofType(33), ofType(34)];
    const isWhole = vps.length > 0 && sps.length > 0 && pps.length > 0;
    return isWhole ? h265Track(this.#trackId, clockRate, buildHvcC({ vps, sps, pps })) : undefined;
  }
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, index) => byte === b[index]);
}
