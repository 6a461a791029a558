import { ByteCursor } from './byte-cursor.ts';
import { malformed } from './media-error.ts';

/** RFC 6381 string of an av1C record (AV1 in ISOBMFF, section 5), e.g. `av01.0.04M.08`. @throws MediaError OBJECT_MISMATCH */
export function av1CodecString(config: Uint8Array): string {
  const cursor = new ByteCursor(config);
  if (cursor.u8() !== 0x81) throw malformed('av1C has an unknown version');
  const profileAndLevel = cursor.u8();
  const flags = cursor.u8();
  cursor.skip(1);
  const level = String(profileAndLevel & 0x1f).padStart(2, '0');
  const tier = (flags & 0x80) === 0 ? 'M' : 'H';
  const twelveBit = (flags & 0x20) !== 0;
  const highBitDepth = (flags & 0x40) !== 0;
  const depth = highBitDepth ? (twelveBit ? '12' : '10') : '08';
  return `av01.${profileAndLevel >> 5}.${level}${tier}.${depth}`;
}
