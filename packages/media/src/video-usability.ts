import type { BitReader } from './bit-reader.ts';
import { MediaError } from './media-error.ts';

/** Reads past the VUI fields that H.264 (E.1.1) and H.265 (E.2.1) begin with, up to and with the chroma location. */
export function skipCommonVui(bits: BitReader): void {
  const extendedAspectRatio = 255;
  if (bits.flag() && bits.bits(8) === extendedAspectRatio) bits.skip(32);
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.unsigned();
    bits.unsigned();
  }
}

/** The clock rate at timing_info_present_flag, in ticks per second; undefined where it is absent or zero. */
export function readTickRate(bits: BitReader): number | undefined {
  if (!bits.flag()) return undefined;
  const unitsInTick = bits.bits(32);
  const timeScale = bits.bits(32);
  return unitsInTick > 0 && timeScale > 0 ? timeScale / unitsInTick : undefined;
}

/**
 * What `read` returns, or undefined when the parameter set ends too early or makes no sense there: some cameras write
 * a broken tail, and only the frame rate depends on it.
 */
export function unlessBroken(read: () => number | undefined): number | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MediaError) return undefined;
    throw error;
  }
}
