import { BitReader } from './bit-reader.ts';
import { malformed } from './media-error.ts';
import { rawPayload } from './nal-units.ts';
import { readTickRate, skipCommonVui, unlessBroken } from './video-usability.ts';

export interface H265Sps {
  /** general_profile_space to general_level_idc, the 12 bytes an hvcC record repeats. */
  readonly profileTierLevel: Uint8Array;
  readonly temporalLayers: number;
  readonly temporalIdNested: boolean;
  readonly chromaFormatIdc: number;
  readonly bitDepthLuma: number;
  readonly bitDepthChroma: number;
  /** Pixels, inside the conformance window. */
  readonly width: number;
  readonly height: number;
  /** Frames per second; only where the VUI tells. */
  readonly fps?: number;
}

const spsHeader = 33 << 1;

/** Reads a sequence parameter set (H.265, 7.3.2.2), NAL header included. @throws MediaError OBJECT_MISMATCH */
export function parseH265Sps(nalUnit: Uint8Array): H265Sps {
  if (((nalUnit[0] ?? 0) & 0x7e) !== spsHeader) throw malformed('not an H.265 sequence parameter set');
  const raw = rawPayload(nalUnit);
  const bits = new BitReader(raw);
  bits.skip(16 + 4);
  const subLayers = bits.bits(3);
  const temporalIdNested = bits.flag();
  bits.skip(12 * 8);
  skipSubLayers(bits, subLayers);
  bits.unsignedUpTo(15);
  const chromaFormatIdc = bits.unsignedUpTo(3);
  const size = readSize(bits, chromaFormatIdc);
  const bitDepthLuma = 8 + bits.unsignedUpTo(8);
  const bitDepthChroma = 8 + bits.unsignedUpTo(8);
  const fps = unlessBroken(() => readFps(bits, subLayers));
  return {
    profileTierLevel: raw.slice(3, 15),
    temporalLayers: subLayers + 1,
    temporalIdNested,
    chromaFormatIdc,
    bitDepthLuma,
    bitDepthChroma,
    ...size,
    ...(fps === undefined ? {} : { fps }),
  };
}

function skipSubLayers(bits: BitReader, subLayers: number): void {
  const present: { profile: boolean; level: boolean }[] = [];
  for (let i = 0; i < subLayers; i += 1) present.push({ profile: bits.flag(), level: bits.flag() });
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const { profile, level } of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
}

function readSize(bits: BitReader, chromaFormatIdc: number): Pick<H265Sps, 'width' | 'height'> {
  if (chromaFormatIdc === 3) bits.skip(1);
  const full = { width: bits.unsignedUpTo(65_535), height: bits.unsignedUpTo(65_535) };
  const unitX = chromaFormatIdc === 1 || chromaFormatIdc === 2 ? 2 : 1;
  const unitY = chromaFormatIdc === 1 ? 2 : 1;
  const cropped = bits.flag();
  const width = full.width - (cropped ? unitX * (bits.unsigned() + bits.unsigned()) : 0);
  const height = full.height - (cropped ? unitY * (bits.unsigned() + bits.unsigned()) : 0);
  if (width <= 0 || height <= 0) throw malformed('the conformance window leaves no picture');
  return { width, height };
}

function readFps(bits: BitReader, subLayers: number): number | undefined {
  const pocBits = bits.unsignedUpTo(12) + 4;
  for (let layer = bits.flag() ? 0 : subLayers; layer <= subLayers; layer += 1) skipCodes(bits, 3);
  skipCodes(bits, 6);
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.skip(2);
  if (bits.flag()) {
    bits.skip(8);
    skipCodes(bits, 2);
    bits.skip(1);
  }
  skipShortTermReferences(bits);
  if (bits.flag()) bits.skip(bits.unsignedUpTo(32) * (pocBits + 1));
  bits.skip(2);
  if (!bits.flag()) return undefined;
  skipCommonVui(bits);
  bits.skip(3);
  if (bits.flag()) skipCodes(bits, 4);
  return readTickRate(bits);
}

function skipCodes(bits: BitReader, count: number): void {
  for (let i = 0; i < count; i += 1) bits.unsigned();
}

/** scaling_list_data (7.3.4). */
function skipScalingLists(bits: BitReader): void {
  for (let sizeId = 0; sizeId < 4; sizeId += 1) {
    for (let matrixId = 0; matrixId < 6; matrixId += sizeId === 3 ? 3 : 1) {
      if (!bits.flag()) {
        bits.unsigned();
        continue;
      }
      if (sizeId > 1) bits.signed();
      skipCodes(bits, sizeId === 0 ? 16 : 64);
    }
  }
}

/** The st_ref_pic_set structures (7.3.7); each may refer to the one before it, so their sizes are counted along. */
function skipShortTermReferences(bits: BitReader): void {
  const sets = bits.unsignedUpTo(64);
  let pictures = 0;
  for (let index = 0; index < sets; index += 1) {
    pictures = index > 0 && bits.flag() ? skipPredictedSet(bits, pictures) : skipExplicitSet(bits);
  }
}

function skipPredictedSet(bits: BitReader, reference: number): number {
  bits.skip(1);
  bits.unsigned();
  let pictures = 0;
  for (let i = 0; i <= reference; i += 1) {
    const used = bits.flag() || bits.flag();
    if (used) pictures += 1;
  }
  return pictures;
}

function skipExplicitSet(bits: BitReader): number {
  const pictures = bits.unsignedUpTo(16) + bits.unsignedUpTo(16);
  for (let i = 0; i < pictures; i += 1) {
    bits.unsigned();
    bits.skip(1);
  }
  return pictures;
}
