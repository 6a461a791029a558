import type { AudioTrack } from './access-unit.ts';
import { BitReader } from './bit-reader.ts';
import { MediaError, malformed } from './media-error.ts';

/** What an AudioSpecificConfig says (ISO/IEC 14496-3, 1.6.2.1). */
export interface AacConfig {
  /** Audio object type as signalled: 2 AAC LC, 5 with SBR, 29 with SBR and parametric stereo. */
  readonly objectType: number;
  /** Hz, of what comes out of the decoder. */
  readonly sampleRate: number;
  /** 0 when only a program config element tells. */
  readonly channels: number;
}

const sampleRates: readonly number[] = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
];
const explicitRate = 15;
const channelsOf: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8];
const spectralBandReplication = 5;
const parametricStereo = 29;

/** @throws MediaError OBJECT_MISMATCH */
export function parseAudioSpecificConfig(config: Uint8Array): AacConfig {
  const bits = new BitReader(config);
  const objectType = readObjectType(bits);
  const coreRate = readSampleRate(bits);
  const channels = channelsOf[bits.bits(4)];
  if (channels === undefined) throw malformed('the AudioSpecificConfig has a reserved channel layout');
  const extended = objectType === spectralBandReplication || objectType === parametricStereo;
  const sampleRate = extended ? readSampleRate(bits) : coreRate;
  return { objectType, sampleRate, channels: objectType === parametricStereo ? 2 : channels };
}

function readObjectType(bits: BitReader): number {
  const escapeCode = 31;
  const short = bits.bits(5);
  return short === escapeCode ? 32 + bits.bits(6) : short;
}

function readSampleRate(bits: BitReader): number {
  const index = bits.bits(4);
  const rate = index === explicitRate ? bits.bits(24) : sampleRates[index];
  if (rate === undefined || rate === 0) throw malformed('the AudioSpecificConfig has a reserved sample rate');
  return rate;
}

/**
 * Builds the AudioSpecificConfig of plain AAC (object types 1 to 4, frames of 1024 samples).
 * @throws MediaError INVALID_REQUEST for what these two or five bytes cannot say
 */
export function buildAudioSpecificConfig({ objectType, sampleRate, channels }: AacConfig): Uint8Array {
  const layout = channels === 0 ? -1 : channelsOf.indexOf(channels);
  const rateFits = Number.isInteger(sampleRate) && sampleRate > 0 && sampleRate < 1 << 24;
  if (layout < 1 || !rateFits || objectType < 1 || objectType > 4) {
    throw new MediaError('INVALID_REQUEST', `no AAC of type ${objectType} with ${channels} channels at ${sampleRate} Hz`);
  }
  const index = sampleRates.indexOf(sampleRate);
  const head = (objectType << 11) | ((index === -1 ? explicitRate : index) << 7);
  if (index !== -1) return Uint8Array.of(head >> 8, (head & 0x80) | (layout << 3));
  // The 24 bit rate starts in the lowest 7 bits of the second byte.
  const tail = sampleRate * 0x80 + layout * 8;
  return Uint8Array.of(
    head >> 8,
    (head & 0x80) | ((sampleRate >> 17) & 0x7f),
    (sampleRate >> 9) & 0xff,
    (sampleRate >> 1) & 0xff,
    tail & 0xff,
  );
}

/** RFC 6381 string of an AudioSpecificConfig, e.g. `mp4a.40.2`. @throws MediaError OBJECT_MISMATCH */
export function aacCodecString(config: Uint8Array): string {
  return `mp4a.40.${readObjectType(new BitReader(config))}`;
}

/** The track an AudioSpecificConfig describes. @throws MediaError OBJECT_MISMATCH */
export function aacTrack(id: number, timescale: number, config: Uint8Array): AudioTrack {
  const { sampleRate, channels } = parseAudioSpecificConfig(config);
  return { kind: 'audio', id, timescale, codec: 'aac', codecString: aacCodecString(config), config, sampleRate, channels };
}
