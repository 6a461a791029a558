import type { VideoTrack } from './access-unit.ts';
import { ByteCursor } from './byte-cursor.ts';
import { parseH265Sps } from './h265-sps.ts';
import { malformed } from './media-error.ts';
import { splitLengthPrefixed } from './nal-units.ts';

/** An HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3). */
export interface HevcConfig {
  readonly profileSpace: number;
  readonly tier: number;
  readonly profileIdc: number;
  readonly compatibility: number;
  /** The six general constraint indicator bytes. */
  readonly constraints: Uint8Array;
  readonly levelIdc: number;
  readonly nalLengthBytes: number;
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

const vpsType = 32;
const spsType = 33;
const ppsType = 34;

/** nal_unit_type: 0..9 slices, 16..21 random access slices, 32 VPS, 33 SPS, 34 PPS. */
export function h265NalType(nalUnit: Uint8Array): number {
  return ((nalUnit[0] ?? 0) >> 1) & 0x3f;
}

/** Whether an access unit's `data` holds a random access picture (BLA, IDR or CRA). @throws MediaError OBJECT_MISMATCH */
export function isH265Keyframe(data: Uint8Array): boolean {
  return splitLengthPrefixed(data).some((nalUnit) => {
    const type = h265NalType(nalUnit);
    return type >= 16 && type <= 21;
  });
}

export interface H265ParameterSets {
  readonly vps: readonly Uint8Array[];
  readonly sps: readonly Uint8Array[];
  readonly pps: readonly Uint8Array[];
}

/** Builds the hvcC record of these parameter sets. @throws MediaError OBJECT_MISMATCH when the first SPS is malformed */
export function buildHvcC({ vps, sps, pps }: H265ParameterSets): Uint8Array {
  const [first] = sps;
  if (first === undefined || vps.length === 0 || pps.length === 0) throw malformed('H.265 needs a VPS, an SPS and a PPS');
  const info = parseH265Sps(first);
  const nesting = (info.temporalLayers << 3) | (info.temporalIdNested ? 4 : 0) | 3;
  const noSegmentationBound = [0xf0, 0x00];
  const unknownParallelism = 0xfc;
  const unknownFrameRate = [0, 0];
  const record = [1, ...info.profileTierLevel, ...noSegmentationBound, unknownParallelism, 0xfc | info.chromaFormatIdc];
  record.push(0xf8 | (info.bitDepthLuma - 8), 0xf8 | (info.bitDepthChroma - 8), ...unknownFrameRate, nesting, 3);
  appendArray(record, vpsType, vps);
  appendArray(record, spsType, sps);
  appendArray(record, ppsType, pps);
  return Uint8Array.from(record);
}

function appendArray(record: number[], type: number, nalUnits: readonly Uint8Array[]): void {
  const complete = 0x80;
  record.push(complete | type, nalUnits.length >> 8, nalUnits.length & 0xff);
  for (const nalUnit of nalUnits) {
    if (nalUnit.length > 0xffff) throw malformed('a parameter set is longer than 65535 bytes');
    record.push(nalUnit.length >> 8, nalUnit.length & 0xff);
    for (const byte of nalUnit) record.push(byte);
  }
}

/** @throws MediaError OBJECT_MISMATCH */
export function parseHvcC(config: Uint8Array): HevcConfig {
  const cursor = new ByteCursor(config);
  if (cursor.u8() !== 1) throw malformed('hvcC has an unknown version');
  const profile = cursor.u8();
  const compatibility = cursor.u32();
  const constraints = cursor.take(6);
  const levelIdc = cursor.u8();
  cursor.skip(8);
  const nalLengthBytes = (cursor.u8() & 3) + 1;
  const sets = readArrays(cursor);
  return {
    profileSpace: profile >> 6,
    tier: (profile >> 5) & 1,
    profileIdc: profile & 0x1f,
    compatibility,
    constraints,
    levelIdc,
    nalLengthBytes,
    vps: sets.get(vpsType) ?? [],
    sps: sets.get(spsType) ?? [],
    pps: sets.get(ppsType) ?? [],
  };
}

function readArrays(cursor: ByteCursor): ReadonlyMap<number, readonly Uint8Array[]> {
  const sets = new Map<number, Uint8Array[]>();
  const arrays = cursor.u8();
  for (let i = 0; i < arrays; i += 1) {
    const type = cursor.u8() & 0x3f;
    const count = cursor.count(cursor.u16(), 2);
    const nalUnits = sets.get(type) ?? [];
    for (let j = 0; j < count; j += 1) nalUnits.push(cursor.take(cursor.u16()));
    sets.set(type, nalUnits);
  }
  return sets;
}

/** RFC 6381 string of an hvcC record (ISO/IEC 14496-15, annex E), e.g. `hvc1.1.6.L93.B0`. @throws MediaError OBJECT_MISMATCH */
export function h265CodecString(config: Uint8Array, sampleEntry: 'hvc1' | 'hev1' = 'hvc1'): string {
  const { profileSpace, profileIdc, compatibility, tier, levelIdc, constraints } = parseHvcC(config);
  const space = ['', 'A', 'B', 'C'][profileSpace] ?? '';
  const used = constraints.subarray(0, constraints.findLastIndex((byte) => byte !== 0) + 1);
  const fields = [sampleEntry, `${space}${profileIdc}`, reverseBits(compatibility).toString(16), `${tier === 1 ? 'H' : 'L'}${levelIdc}`];
  return [...fields, ...Array.from(used, (byte) => byte.toString(16).toUpperCase())].join('.');
}

function reverseBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit += 1) reversed = reversed * 2 + ((value >>> bit) & 1);
  return reversed;
}

/** The track an hvcC record describes; size from its first SPS. @throws MediaError OBJECT_MISMATCH */
export function h265Track(id: number, timescale: number, config: Uint8Array): VideoTrack {
  const [sps] = parseHvcC(config).sps;
  if (sps === undefined) throw malformed('hvcC holds no sequence parameter set');
  const { width, height } = parseH265Sps(sps);
  return { kind: 'video', id, timescale, codec: 'h265', codecString: h265CodecString(config), config, width, height };
}
