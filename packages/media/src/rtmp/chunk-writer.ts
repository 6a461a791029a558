import type { RtmpMessage } from './rtmp-message.ts';

const FULL_HEADER_BYTES = 12;
const EXTENDED_TIME = 0xff_ffff;
const CONTINUATION = 0xc0;

export interface ChunkOptions {
  /** 2 to 63; 2 is for protocol control. */
  readonly chunkStreamId: number;
  /** Bytes of payload in one chunk, as the other side was told. */
  readonly chunkSizeBytes: number;
}

/**
 * A message as chunks with full headers: nothing depends on what was sent before.
 * @see RTMP 1.0, 5.3.1
 */
export function writeChunks(
  { type, streamId, timestampMs, data }: RtmpMessage,
  { chunkStreamId, chunkSizeBytes }: ChunkOptions,
): Uint8Array {
  const extendedBytes = timestampMs >= EXTENDED_TIME ? 4 : 0;
  const continuations = Math.max(0, Math.ceil(data.length / chunkSizeBytes) - 1);
  const bytes = new Uint8Array(FULL_HEADER_BYTES + extendedBytes + data.length + continuations * (1 + extendedBytes));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (chunkStreamId << 24) | Math.min(timestampMs, EXTENDED_TIME));
  view.setUint32(4, (data.length << 8) | type);
  view.setUint32(8, streamId, true);
  let at = FULL_HEADER_BYTES;
  for (let from = 0; from === 0 || from < data.length; from += chunkSizeBytes) {
    if (from > 0) bytes[at++] = CONTINUATION | chunkStreamId;
    if (extendedBytes > 0) view.setUint32(at, timestampMs);
    at += extendedBytes;
    const piece = data.subarray(from, from + chunkSizeBytes);
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
