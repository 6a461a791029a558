/** What a binary frame of carrier `wss-fmp4` holds: the initialisation segment, or fragments. */
export type MediaFrameKind = 'init' | 'fragment';

/** Header of one binary frame of carrier `wss-fmp4`. */
export interface MediaFrameHeader {
  readonly kind: MediaFrameKind;
  /** The fragment starts with a key frame. */
  readonly key: boolean;
  /** track_ID of the fragment; 0 for the initialisation segment and for several tracks in one fragment. */
  readonly track: number;
  /** Counts the binary frames of the session from 0, the initialisation segment included, modulo 2^32. */
  readonly seq: number;
}

export interface MediaFrame extends MediaFrameHeader {
  /** Whole ISO BMFF boxes. Boxes before `moof` (styp, sidx, prft, emsg) are allowed and skipped. */
  readonly payload: Uint8Array;
}

/** Length of the header that starts each binary frame. */
export const MEDIA_FRAME_HEADER_BYTES = 8;

const KIND_INIT = 0;
const KIND_FRAGMENT = 1;
const FLAG_KEY = 1;

/** Writes the header at the start of `target`: u8 kind, u8 flags, u16 track, u32 seq, big-endian. */
export function writeMediaFrameHeader(target: Uint8Array, header: MediaFrameHeader): void {
  const view = new DataView(target.buffer, target.byteOffset, MEDIA_FRAME_HEADER_BYTES);
  view.setUint8(0, header.kind === 'init' ? KIND_INIT : KIND_FRAGMENT);
  view.setUint8(1, header.key ? FLAG_KEY : 0);
  view.setUint16(2, header.track);
  view.setUint32(4, header.seq);
}

/** Header and payload in one piece, as a WebSocket message wants it; copies the payload once. */
export function encodeMediaFrame(frame: MediaFrame): Uint8Array {
  const bytes = new Uint8Array(MEDIA_FRAME_HEADER_BYTES + frame.payload.byteLength);
  writeMediaFrameHeader(bytes, frame);
  bytes.set(frame.payload, MEDIA_FRAME_HEADER_BYTES);
  return bytes;
}

/**
 * The frame in `bytes`, or `undefined` when they hold none: too short, or of an unknown kind. Unknown flags are ignored.
 * `payload` is a view of `bytes`, not a copy.
 */
export function decodeMediaFrame(bytes: Uint8Array): MediaFrame | undefined {
  if (bytes.byteLength <= MEDIA_FRAME_HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, MEDIA_FRAME_HEADER_BYTES);
  const kind = view.getUint8(0);
  if (kind !== KIND_INIT && kind !== KIND_FRAGMENT) return undefined;
  return {
    kind: kind === KIND_INIT ? 'init' : 'fragment',
    key: (view.getUint8(1) & FLAG_KEY) !== 0,
    track: view.getUint16(2),
    seq: view.getUint32(4),
    payload: bytes.subarray(MEDIA_FRAME_HEADER_BYTES),
  };
}
