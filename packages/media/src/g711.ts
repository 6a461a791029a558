/** The two laws of G.711: `g711a` (A-law) and `g711u` (mu-law). One byte a sample, 8000 samples per second. */
export type G711Law = 'g711a' | 'g711u';

export const G711_SAMPLE_RATE = 8_000;

const MU_BIAS = 33;
/** Both laws put the sign first, then three bits of segment and four of position in it. */
const SIGN = 0x80;
/** A-law sends every other bit turned over, mu-law every bit. */
const A_TOGGLE = 0x55;
const MU_TOGGLE = 0xff;

/**
 * Samples of 16 bits as coded bytes.
 * @see ITU-T G.711 tables 1a and 2a: A-law has 13 bits of resolution, mu-law 14
 */
export function encodeG711(law: G711Law, samples: Int16Array): Uint8Array {
  return Uint8Array.from(samples, law === 'g711a' ? encodeA : encodeMu);
}

/** The samples of 16 bits that coded bytes stand for. */
export function decodeG711(law: G711Law, bytes: Uint8Array): Int16Array {
  const table = law === 'g711a' ? aSamples : muSamples;
  return Int16Array.from(bytes, (byte) => table[byte] ?? 0);
}

function encodeA(sample: number): number {
  const sign = sample >= 0 ? SIGN : 0;
  const magnitude = (sample >= 0 ? sample : ~sample) >> 4;
  const segment = magnitude < 32 ? magnitude >> 4 : topBit(magnitude) - 3;
  const position = segment < 2 ? magnitude & 0x0f : (magnitude >> (segment - 1)) & 0x0f;
  return (sign | (segment << 4) | position) ^ A_TOGGLE;
}

function encodeMu(sample: number): number {
  const sign = sample < 0 ? SIGN : 0;
  const magnitude = Math.min(((sample < 0 ? ~sample : sample) >> 2) + MU_BIAS, 0x1fff);
  const segment = topBit(magnitude) - 5;
  return (sign | (segment << 4) | ((magnitude >> (segment + 1)) & 0x0f)) ^ MU_TOGGLE;
}

function decodeA(byte: number): number {
  const code = byte ^ A_TOGGLE;
  const segment = (code >> 4) & 0x07;
  const position = ((code & 0x0f) << 4) + 8;
  const magnitude = segment === 0 ? position : (position + 0x100) << (segment - 1);
  return (code & SIGN) === 0 ? -magnitude : magnitude;
}

function decodeMu(byte: number): number {
  const code = byte ^ MU_TOGGLE;
  const segment = (code >> 4) & 0x07;
  const magnitude = ((((code & 0x0f) << 1) + MU_BIAS) << segment) - MU_BIAS;
  return (code & SIGN) === 0 ? magnitude << 2 : -(magnitude << 2);
}

/** Number of the highest bit that is set, from 0. */
function topBit(value: number): number {
  return 31 - Math.clz32(value);
}

const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
const aSamples = Int16Array.from(codes, decodeA);
const muSamples = Int16Array.from(codes, decodeMu);
