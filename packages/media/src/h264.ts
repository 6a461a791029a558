import type { VideoTrack } from './access-unit.ts';
import { BitReader } from './bit-reader.ts';
import { ByteCursor } from './byte-cursor.ts';
import { malformed } from './media-error.ts';
import { rawPayload, splitLengthPrefixed } from './nal-units.ts';
import { readTickRate, skipCommonVui, unlessBroken } from './video-usability.ts';

export interface H264Sps {
  readonly profileIdc: number;
  /** The six constraint_set flags and two reserved bits, as one byte. */
  readonly constraints: number;
  readonly levelIdc: number;
  readonly chromaFormatIdc: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Pixels, after cropping. */
  readonly width: number;
  readonly height: number;
  /** Frames per second; only where the VUI tells. */
  readonly fps?: number;
}

/** An AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3). */
export interface AvcConfig {
  readonly profileIdc: number;
  readonly constraints: number;
  readonly levelIdc: number;
  readonly nalLengthBytes: number;
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const highProfiles: ReadonlySet<number> = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
/** The profiles whose avcC repeats chroma format and bit depths. */
const extendedConfigProfiles: ReadonlySet<number> = new Set([100, 110, 122, 144]);

/** nal_unit_type: 1 slice, 5 key picture slice, 6 SEI, 7 SPS, 8 PPS, 9 delimiter. */
export function h264NalType(nalUnit: Uint8Array): number {
  return (nalUnit[0] ?? 0) & 0x1f;
}

/** Whether an access unit's `data` holds an IDR slice. @throws MediaError OBJECT_MISMATCH */
export function isH264Keyframe(data: Uint8Array): boolean {
  return splitLengthPrefixed(data).some((nalUnit) => h264NalType(nalUnit) === 5);
}

/** Reads a sequence parameter set (H.264, 7.3.2.1.1), NAL header included. @throws MediaError OBJECT_MISMATCH */
export function parseH264Sps(nalUnit: Uint8Array): H264Sps {
  if (h264NalType(nalUnit) !== 7) throw malformed('not an H.264 sequence parameter set');
  const bits = new BitReader(rawPayload(nalUnit));
  bits.skip(8);
  const profileIdc = bits.bits(8);
  const constraints = bits.bits(8);
  const levelIdc = bits.bits(8);
  bits.unsignedUpTo(31);
  const format = readFormat(bits, profileIdc);
  bits.unsignedUpTo(12);
  skipPictureOrderCount(bits);
  bits.unsignedUpTo(16);
  bits.skip(1);
  const size = readSize(bits, format.chromaFormatIdc);
  const fps = readFps(bits);
  return { profileIdc, constraints, levelIdc, ...format, ...size, ...(fps === undefined ? {} : { fps }) };
}

function readFormat(bits: BitReader, profileIdc: number): Pick<H264Sps, 'chromaFormatIdc' | 'bitDepthLuma' | 'bitDepthChroma'> {
  if (!highProfiles.has(profileIdc)) return { chromaFormatIdc: 1, bitDepthLuma: 8, bitDepthChroma: 8 };
  const chromaFormatIdc = bits.unsignedUpTo(3);
  if (chromaFormatIdc === 3) bits.skip(1);
  const bitDepthLuma = 8 + bits.unsignedUpTo(6);
  const bitDepthChroma = 8 + bits.unsignedUpTo(6);
  bits.skip(1);
  if (bits.flag()) {
    const lists = chromaFormatIdc === 3 ? 12 : 8;
    for (let i = 0; i < lists; i += 1) if (bits.flag()) skipScalingList(bits, i < 6 ? 16 : 64);
  }
  return { chromaFormatIdc, bitDepthLuma, bitDepthChroma };
}

function skipScalingList(bits: BitReader, entries: number): void {
  let last = 8;
  for (let i = 0; i < entries; i += 1) {
    const next = (last + bits.signed() + 256) & 0xff;
    if (next === 0) return;
    last = next;
  }
}

function skipPictureOrderCount(bits: BitReader): void {
  const type = bits.unsignedUpTo(2);
  if (type === 0) bits.unsignedUpTo(12);
  if (type !== 1) return;
  bits.skip(1);
  bits.signed();
  bits.signed();
  const cycle = bits.unsignedUpTo(255);
  for (let i = 0; i < cycle; i += 1) bits.signed();
}

function readSize(bits: BitReader, chromaFormatIdc: number): Pick<H264Sps, 'width' | 'height'> {
  const widthMbs = bits.unsignedUpTo(4095) + 1;
  const heightUnits = bits.unsignedUpTo(4095) + 1;
  const fieldFactor = bits.flag() ? 1 : 2;
  if (fieldFactor === 2) bits.skip(1);
  bits.skip(1);
  const full = { width: widthMbs * 16, height: heightUnits * 16 * fieldFactor };
  if (!bits.flag()) return full;
  const unitX = chromaFormatIdc === 1 || chromaFormatIdc === 2 ? 2 : 1;
  const unitY = (chromaFormatIdc === 1 ? 2 : 1) * fieldFactor;
  const width = full.width - unitX * (bits.unsigned() + bits.unsigned());
  const height = full.height - unitY * (bits.unsigned() + bits.unsigned());
  if (width <= 0 || height <= 0) throw malformed('cropping leaves no picture');
  return { width, height };
}

function readFps(bits: BitReader): number | undefined {
  return unlessBroken(() => {
    if (!bits.flag()) return undefined;
    skipCommonVui(bits);
    const fieldRate = readTickRate(bits);
    return fieldRate === undefined ? undefined : fieldRate / 2;
  });
}

/** Builds the avcC record of these parameter sets. @throws MediaError OBJECT_MISMATCH when the first SPS is malformed */
export function buildAvcC(sps: readonly Uint8Array[], pps: readonly Uint8Array[]): Uint8Array {
  const [first] = sps;
  if (first === undefined || pps.length === 0 || sps.length > 31 || pps.length > 255)
    throw malformed('H.264 needs 1 to 31 SPS and 1 to 255 PPS');
  const info = parseH264Sps(first);
  const record = [1, info.profileIdc, info.constraints, info.levelIdc, 0xff, 0xe0 | sps.length];
  for (const nalUnit of sps) appendParameterSet(record, nalUnit);
  record.push(pps.length);
  for (const nalUnit of pps) appendParameterSet(record, nalUnit);
  if (extendedConfigProfiles.has(info.profileIdc)) {
    record.push(0xfc | info.chromaFormatIdc, 0xf8 | (info.bitDepthLuma - 8), 0xf8 | (info.bitDepthChroma - 8), 0);
  }
  return Uint8Array.from(record);
}

function appendParameterSet(record: number[], nalUnit: Uint8Array): void {
  if (nalUnit.length > 0xffff) throw malformed('a parameter set is longer than 65535 bytes');
  record.push(nalUnit.length >> 8, nalUnit.length & 0xff);
  for (const byte of nalUnit) record.push(byte);
}

/** @throws MediaError OBJECT_MISMATCH */
export function parseAvcC(config: Uint8Array): AvcConfig {
  const cursor = new ByteCursor(config);
  if (cursor.u8() !== 1) throw malformed('avcC has an unknown version');
  const [profileIdc, constraints, levelIdc] = [cursor.u8(), cursor.u8(), cursor.u8()];
  const nalLengthBytes = (cursor.u8() & 3) + 1;
  const sps = readParameterSets(cursor, cursor.u8() & 0x1f);
  const pps = readParameterSets(cursor, cursor.u8());
  return { profileIdc, constraints, levelIdc, nalLengthBytes, sps, pps };
}

function readParameterSets(cursor: ByteCursor, count: number): Uint8Array[] {
  const sets: Uint8Array[] = [];
  for (let i = 0; i < count; i += 1) sets.push(cursor.take(cursor.u16()));
  return sets;
}

/** RFC 6381 string of an avcC record, e.g. `avc1.64001f`. @throws MediaError OBJECT_MISMATCH */
export function h264CodecString(config: Uint8Array, sampleEntry: 'avc1' | 'avc3' = 'avc1'): string {
  const { profileIdc, constraints, levelIdc } = parseAvcC(config);
  const hex = [profileIdc, constraints, levelIdc].map((byte) => byte.toString(16).padStart(2, '0'));
  return `${sampleEntry}.${hex.join('')}`;
}

/** The track an avcC record describes; size from its first SPS. @throws MediaError OBJECT_MISMATCH */
export function h264Track(id: number, timescale: number, config: Uint8Array): VideoTrack {
  const [sps] = parseAvcC(config).sps;
  if (sps === undefined) throw malformed('avcC holds no sequence parameter set');
  const { width, height } = parseH264Sps(sps);
  return { kind: 'video', id, timescale, codec: 'h264', codecString: h264CodecString(config), config, width, height };
}
