import type { AccessUnit, Track } from '../access-unit.ts';
import { MediaError } from '../media-error.ts';
import { splitLengthPrefixed } from '../nal-units.ts';
import { h264Scheme, h265Scheme, type NalScheme } from './nal-scheme.ts';

/** One packet without its header. */
export interface RtpPayload {
  readonly parts: readonly Uint8Array[];
  readonly marker: boolean;
  /** Ticks of the RTP clock after the access unit's own time. */
  readonly delay?: number;
}

/** Splits one access unit into payloads of at most `maxBytes` each. @throws MediaError OBJECT_MISMATCH when its data is malformed */
export type PayloadFormat = (unit: AccessUnit, maxBytes: number) => readonly RtpPayload[];

/** How the access units of `track` go into RTP. @throws MediaError CODEC_UNSUPPORTED | OBJECT_MISMATCH */
export function payloadFormatOf(track: Track): PayloadFormat {
  switch (track.codec) {
    case 'h264':
      return nalFormat(h264Scheme, track.config);
    case 'h265':
      return nalFormat(h265Scheme, track.config);
    case 'aac':
      return aacPayloads;
    case 'opus':
      return ({ data }) => [{ parts: [data], marker: false }];
    case 'g711a':
    case 'g711u':
      return ({ data }, maxBytes) => samplePayloads(data, maxBytes, track.channels);
    default:
      throw new MediaError('CODEC_UNSUPPORTED', `no RTP payload format for ${track.codec}`);
  }
}

/** Every key frame goes with its parameter sets, for receivers that come in the middle or missed the session description. */
function nalFormat(scheme: NalScheme, config: Uint8Array): PayloadFormat {
  const parameterSets = scheme.parameterSetsOf(config);
  return ({ data, keyframe }, maxBytes) => {
    const own = splitLengthPrefixed(data).filter(
      (nalUnit) => nalUnit.length > scheme.headerBytes && !scheme.isDelimiter(scheme.typeOf(nalUnit)),
    );
    const bringsSets = own.some((nalUnit) => scheme.isParameterSet(scheme.typeOf(nalUnit)));
    const nalUnits = keyframe && !bringsSets ? [...parameterSets, ...own] : own;
    const payloads = nalPayloads(nalUnits, maxBytes, scheme);
    return payloads.map((parts, index) => ({ parts, marker: index === payloads.length - 1 }));
  };
}

function nalPayloads(nalUnits: readonly Uint8Array[], maxBytes: number, scheme: NalScheme): readonly (readonly Uint8Array[])[] {
  const slices = nalUnits.findIndex((nalUnit) => !scheme.isParameterSet(scheme.typeOf(nalUnit)));
  const sets = slices < 0 ? nalUnits : nalUnits.slice(0, slices);
  const together = sets.reduce((sum, { length }) => sum + 2 + length, scheme.headerBytes);
  const isTogether = sets.length > 1 && together <= maxBytes;
  const rest = isTogether ? nalUnits.slice(sets.length) : nalUnits;
  const payloads = rest.flatMap((nalUnit) => (nalUnit.length <= maxBytes ? [[nalUnit]] : fragments(nalUnit, maxBytes, scheme)));
  return isTogether ? [aggregate(sets, scheme), ...payloads] : payloads;
}

/** RFC 6184 5.7.1, RFC 7798 4.4.2. */
function aggregate(nalUnits: readonly Uint8Array[], { headerOfType, aggregation }: NalScheme): readonly Uint8Array[] {
  const first = nalUnits[0] ?? new Uint8Array(2);
  const entries = nalUnits.flatMap((nalUnit) => [Uint8Array.of(nalUnit.length >> 8, nalUnit.length), nalUnit]);
  return [headerOfType(first, aggregation), ...entries];
}

/** RFC 6184 5.8, RFC 7798 4.4.3. */
function fragments(nalUnit: Uint8Array, maxBytes: number, scheme: NalScheme): (readonly Uint8Array[])[] {
  const { headerBytes, headerOfType, fragmentation, typeOf } = scheme;
  const header = headerOfType(nalUnit, fragmentation);
  const type = typeOf(nalUnit);
  const pieceBytes = maxBytes - headerBytes - 1;
  const pieces: (readonly Uint8Array[])[] = [];
  for (let at = headerBytes; at < nalUnit.length; at += pieceBytes) {
    const isFirst = at === headerBytes;
    const isLast = at + pieceBytes >= nalUnit.length;
    const fragmentHeader = Uint8Array.of((isFirst ? 0x80 : 0) | (isLast ? 0x40 : 0) | type);
    pieces.push([header, fragmentHeader, nalUnit.subarray(at, at + pieceBytes)]);
  }
  return pieces;
}

/** AAC-hbr: a 13 bit size and a 3 bit index before each frame (RFC 3640, 3.3.6). */
function aacPayloads({ data }: AccessUnit, maxBytes: number): readonly RtpPayload[] {
  const largestFrame = 0x1fff;
  if (data.length > largestFrame) throw new MediaError('OBJECT_MISMATCH', `an AAC frame of ${data.length} bytes has no place in RTP`);
  // Each piece of a frame states the size of the whole (RFC 3640, 3.2.3.1).
  const header = Uint8Array.of(0, 16, data.length >> 5, (data.length << 3) & 0xff);
  const pieces = pieceEach(data, maxBytes - header.length);
  return pieces.map((piece, index) => ({ parts: [header, piece], marker: index === pieces.length - 1 }));
}

/** One byte is one sample of one channel (RFC 3551, 4.5.14). */
function samplePayloads(data: Uint8Array, maxBytes: number, channels: number): readonly RtpPayload[] {
  const pieceBytes = maxBytes - (maxBytes % channels);
  return pieceEach(data, pieceBytes).map((piece, index) => ({ parts: [piece], marker: false, delay: (index * pieceBytes) / channels }));
}

function pieceEach(data: Uint8Array, pieceBytes: number): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < data.length; at += pieceBytes) pieces.push(data.subarray(at, at + pieceBytes));
  return pieces;
}
