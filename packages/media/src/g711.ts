import type { AudioTrack } from './access-unit.ts';

/** The two laws of G.711: `g711a` (A-law) and `g711u` (mu-law). One byte a sample, 8000 samples per second. */
export type G711Law = 'g711a' | 'g711u';

export const G711_SAMPLE_RATE = 8_000;

/** A track of coded bytes, one a sample and channel. */
export function g711Track(
  id: number,
  codec: G711Law,
  { sampleRate = G711_SAMPLE_RATE, channels }: { readonly sampleRate?: number; readonly channels: number },
): AudioTrack {
  const codecString = codec === 'g711a' ? 'alaw' : 'ulaw';
  return { kind: 'audio', id, timescale: sampleRate, codec, codecString, config: new Uint8Array(), sampleRate, channels };
}

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

/** Number of the highest bit that is set, from 0. */
function topBit(value: number): number {
  return 31 - Math.clz32(value);
}
