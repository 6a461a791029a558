import { ByteCursor } from '../byte-cursor.ts';
import { malformed } from '../media-error.ts';

/** The fixed part of an RTP packet (RFC 3550, 5.1). */
export interface RtpHeader {
  /** Set on the last packet of a picture, or as the payload format says. */
  readonly marker: boolean;
  /** 0 to 127. */
  readonly payloadType: number;
  /** 16 bits, wraps. */
  readonly sequence: number;
  /** 32 bits of the payload's clock, wraps. */
  readonly timestamp: number;
  readonly ssrc: number;
}

export interface RtpPacket extends RtpHeader {
  /** Without padding and header extension; a view. */
  readonly payload: Uint8Array;
}

/** Bytes before the payload where there is neither a contributing source nor an extension: all packets built here. */
export const rtpHeaderBytes = 12;

const version = 2 << 6;

/** @throws MediaError OBJECT_MISMATCH */
export function parseRtpPacket(bytes: Uint8Array): RtpPacket {
  const cursor = new ByteCursor(bytes);
  const first = cursor.u8();
  if ((first & 0xc0) !== version) throw malformed('not an RTP packet of version 2');
  const second = cursor.u8();
  const header = {
    marker: second >= 0x80,
    payloadType: second & 0x7f,
    sequence: cursor.u16(),
    timestamp: cursor.u32(),
    ssrc: cursor.u32(),
  };
  cursor.skip((first & 0x0f) * 4);
  if ((first & 0x10) !== 0) {
    cursor.skip(2);
    cursor.skip(cursor.u16() * 4);
  }
  return { ...header, payload: cursor.take(cursor.left - paddingBytes(bytes, first)) };
}

function paddingBytes(bytes: Uint8Array, first: number): number {
  if ((first & 0x20) === 0) return 0;
  const padding = bytes[bytes.length - 1] ?? 0;
  if (padding === 0 || padding > bytes.length - rtpHeaderBytes) throw malformed('RTP padding does not fit its packet');
  return padding;
}

/** One packet of the `parts` in their order, copied. Sequence and timestamp are taken modulo 2^16 and 2^32. */
export function buildRtpPacket({ marker, payloadType, sequence, timestamp, ssrc }: RtpHeader, parts: readonly Uint8Array[]): Uint8Array {
  const packet = new Uint8Array(rtpHeaderBytes + parts.reduce((sum, { length }) => sum + length, 0));
  const view = new DataView(packet.buffer);
  view.setUint8(0, version);
  view.setUint8(1, (marker ? 0x80 : 0) | payloadType);
  view.setUint16(2, sequence);
  view.setUint32(4, timestamp);
  view.setUint32(8, ssrc);
  let at = rtpHeaderBytes;
  for (const part of parts) {
    packet.set(part, at);
    at += part.length;
  }
  return packet;
}

/** A copy of a packet for one receiver: its own numbers before the same payload. Marker and timestamp stay. */
export function readdressRtpPacket(
  packet: Uint8Array,
  { payloadType, sequence, ssrc }: Pick<RtpHeader, 'payloadType' | 'sequence' | 'ssrc'>,
): Uint8Array {
  const copy = packet.slice();
  const view = new DataView(copy.buffer, copy.byteOffset, copy.byteLength);
  view.setUint8(1, (view.getUint8(1) & 0x80) | payloadType);
  view.setUint16(2, sequence);
  view.setUint32(8, ssrc);
  return copy;
}

/** Steps from `before` to `after` on a 16 bit circle, -32768 to 32767: negative when `after` came earlier. */
export function sequenceDistance(before: number, after: number): number {
  return ((after - before) << 16) >> 16;
}

/** Makes one growing number of the 32 bit timestamps of a stream; small steps back are allowed. */
export class TimestampUnwrapper {
  #last: number | undefined;

  unwrap(timestamp: number): number {
    this.#last = this.#last === undefined ? timestamp : this.#last + ((timestamp - this.#last) | 0);
    return this.#last;
  }
}
