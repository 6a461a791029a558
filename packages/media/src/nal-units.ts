import { malformed } from './media-error.ts';

/** Start of the next 00 00 01 at or after `from`, or the length when there is none. */
function nextStartCode(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(1, from + 2);
  while (at !== -1) {
    if (bytes[at - 1] === 0 && bytes[at - 2] === 0) return at - 2;
    at = bytes.indexOf(1, at + 1);
  }
  return bytes.length;
}

/**
 * The NAL units of an Annex B byte stream (H.264 and H.265, annex B) as views, without start codes and without the
 * zero bytes around them. Bytes before the first start code are ignored.
 */
export function splitAnnexB(bytes: Uint8Array): Uint8Array[] {
  const nalUnits: Uint8Array[] = [];
  let start = nextStartCode(bytes, 0) + 3;
  while (start < bytes.length) {
    const next = nextStartCode(bytes, start);
    let end = next;
    while (end > start && bytes[end - 1] === 0) end -= 1;
    if (end > start) nalUnits.push(bytes.subarray(start, end));
    start = next + 3;
  }
  return nalUnits;
}

/** The NAL units of an access unit's `data` as views. @throws MediaError OBJECT_MISMATCH when a length points outside. */
export function splitLengthPrefixed(data: Uint8Array): Uint8Array[] {
  const nalUnits: Uint8Array[] = [];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  while (at < data.length) {
    if (data.length - at < 4) throw malformed('a NAL length field is cut short');
    const end = at + 4 + view.getUint32(at);
    if (end > data.length) throw malformed('a NAL unit reaches beyond its access unit');
    nalUnits.push(data.subarray(at + 4, end));
    at = end;
  }
  return nalUnits;
}

/** Joins NAL units into an access unit's `data`: 4 byte big-endian length before each. */
export function joinLengthPrefixed(nalUnits: readonly Uint8Array[]): Uint8Array {
  return join(nalUnits, (view, at, length) => view.setUint32(at, length));
}

/** Joins NAL units into an Annex B byte stream with 4 byte start codes. */
export function joinAnnexB(nalUnits: readonly Uint8Array[]): Uint8Array {
  return join(nalUnits, (view, at) => view.setUint32(at, 1));
}

export function annexBToLengthPrefixed(bytes: Uint8Array): Uint8Array {
  return joinLengthPrefixed(splitAnnexB(bytes));
}

/** @throws MediaError OBJECT_MISMATCH */
export function lengthPrefixedToAnnexB(data: Uint8Array): Uint8Array {
  return joinAnnexB(splitLengthPrefixed(data));
}

function join(nalUnits: readonly Uint8Array[], writePrefix: (view: DataView, at: number, length: number) => void): Uint8Array {
  let sizeBytes = 0;
  for (const nalUnit of nalUnits) sizeBytes += 4 + nalUnit.length;
  const joined = new Uint8Array(sizeBytes);
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const nalUnit of nalUnits) {
    writePrefix(view, at, nalUnit.length);
    joined.set(nalUnit, at + 4);
    at += 4 + nalUnit.length;
  }
  return joined;
}

/** A NAL unit's payload without emulation prevention bytes (00 00 03 -> 00 00). */
export function rawPayload(nalUnit: Uint8Array): Uint8Array {
  const raw = new Uint8Array(nalUnit.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nalUnit) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    raw[length] = byte;
    length += 1;
  }
  return raw.subarray(0, length);
}
