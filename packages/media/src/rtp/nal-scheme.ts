import { h264NalType, parseAvcC } from '../h264.ts';
import { h265NalType, parseHvcC } from '../h265.ts';

/** What NAL units look like in the RTP payloads of a codec. */
export interface NalScheme {
  /** Of a NAL unit, and so of an aggregation or fragmentation payload. */
  readonly headerBytes: number;
  /** nal_unit_type of a payload of several whole NAL units. */
  readonly aggregation: number;
  /** nal_unit_type of a payload that is one piece of a NAL unit. */
  readonly fragmentation: number;
  readonly typeOf: (nalUnit: Uint8Array) => number;
  /** The header of `nalUnit` with another type in it. */
  readonly headerOfType: (nalUnit: Uint8Array, type: number) => Uint8Array;
  readonly isDelimiter: (type: number) => boolean;
  readonly isParameterSet: (type: number) => boolean;
  readonly isSlice: (type: number) => boolean;
  readonly isKeySlice: (type: number) => boolean;
  /** The parameter sets of a decoder configuration record, in the order a decoder wants them. @throws MediaError OBJECT_MISMATCH */
  readonly parameterSetsOf: (config: Uint8Array) => readonly Uint8Array[];
}

/** RFC 6184: STAP-A and FU-A, as packetization-mode 1 allows. */
export const h264Scheme: NalScheme = {
  headerBytes: 1,
  aggregation: 24,
  fragmentation: 28,
  typeOf: h264NalType,
  headerOfType: (nalUnit, type) => Uint8Array.of(((nalUnit[0] ?? 0) & 0xe0) | type),
  isDelimiter: (type) => type === 9,
  isParameterSet: (type) => type === 7 || type === 8,
  isSlice: (type) => type >= 1 && type <= 5,
  isKeySlice: (type) => type === 5,
  parameterSetsOf: (config) => {
    const { sps, pps } = parseAvcC(config);
    return [...sps, ...pps];
  },
};

/** RFC 7798: AP and FU, without decoding order numbers (sprop-max-don-diff 0). */
export const h265Scheme: NalScheme = {
  headerBytes: 2,
  aggregation: 48,
  fragmentation: 49,
  typeOf: h265NalType,
  headerOfType: (nalUnit, type) => Uint8Array.of(((nalUnit[0] ?? 0) & 0x81) | (type << 1), nalUnit[1] ?? 0),
  isDelimiter: (type) => type === 35,
  isParameterSet: (type) => type >= 32 && type <= 34,
  isSlice: (type) => type <= 31,
  isKeySlice: (type) => type >= 16 && type <= 21,
  parameterSetsOf: (config) => {
    const { vps, sps, pps } = parseHvcC(config);
    return [...vps, ...sps, ...pps];
  },
};
