import { joinedBytes } from '../bytes.ts';
import { MediaError, malformed } from '../media-error.ts';

/** Kinds of tags, which are the types of RTMP messages too (Adobe FLV 10.1, E.4.1). */
export const flvType = { audio: 8, video: 9, script: 18 } as const;

/** One tag of FLV, or one media message of RTMP. */
export interface FlvTag {
  readonly type: number;
  /** Modulo 2^32. */
  readonly timestampMs: number;
  readonly data: Uint8Array;
}

const FILE_HEADER_BYTES = 9;
const TAG_HEADER_BYTES = 11;
const TAG_SIZE_BYTES = 4;
const MAX_TAG_BYTES = 4 * 1024 * 1024;

/** The header of a file that holds such tags, and the size of the tag before the first (E.2, E.3). */
export function flvFileHeader({ hasAudio, hasVideo }: { readonly hasAudio: boolean; readonly hasVideo: boolean }): Uint8Array {
  const kinds = (hasAudio ? 4 : 0) | (hasVideo ? 1 : 0);
  return Uint8Array.of(0x46, 0x4c, 0x56, 1, kinds, 0, 0, 0, FILE_HEADER_BYTES, 0, 0, 0, 0);
}

/**
 * A tag as it stands in a file, in three pieces: its header with the first bytes of its data, the rest of its data (not
 * copied), its size.
 * @throws MediaError INVALID_REQUEST when it is larger than a tag can be
 */
export function flvTagParts(
  { type, timestampMs }: Pick<FlvTag, 'type' | 'timestampMs'>,
  head: Uint8Array,
  rest: Uint8Array,
): readonly [Uint8Array, Uint8Array, Uint8Array] {
  const dataBytes = head.length + rest.length;
  if (dataBytes > 0xff_ffff) throw new MediaError('INVALID_REQUEST', `an FLV tag cannot hold ${dataBytes} bytes`);
  const first = new Uint8Array(TAG_HEADER_BYTES + head.length);
  const view = new DataView(first.buffer);
  view.setUint32(0, (type << 24) | dataBytes);
  view.setUint32(4, ((timestampMs << 8) | ((timestampMs >>> 24) & 0xff)) >>> 0);
  first.set(head, TAG_HEADER_BYTES);
  const size = new Uint8Array(TAG_SIZE_BYTES);
  new DataView(size.buffer).setUint32(0, TAG_HEADER_BYTES + dataBytes);
  return [first, rest, size];
}

/** Takes an FLV byte stream apart as it arrives. Keeps at most one tag that is not complete. */
export class FlvSplitter {
  private pending: Uint8Array = new Uint8Array();
  private headerSeen = false;

  /**
   * The tags that `bytes` completes; their data are views of buffers nobody changes any more.
   * @throws MediaError OBJECT_MISMATCH when it is no FLV, or a tag is larger than 4 MiB
   */
  push(bytes: Uint8Array): readonly FlvTag[] {
    const tags: FlvTag[] = [];
    const all = this.pending.length === 0 ? bytes : joinedBytes(this.pending, bytes);
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength);
    let at = this.skipFileHeader(view);
    while (this.headerSeen && all.length - at >= TAG_HEADER_BYTES) {
      const dataBytes = view.getUint32(at) & 0xff_ffff;
      if (dataBytes > MAX_TAG_BYTES) throw malformed(`an FLV tag of ${dataBytes} bytes`);
      const end = at + TAG_HEADER_BYTES + dataBytes;
      if (all.length < end + TAG_SIZE_BYTES) break;
      const time = view.getUint32(at + 4);
      tags.push({
        type: view.getUint8(at) & 0x1f,
        timestampMs: ((time >>> 8) | ((time & 0xff) << 24)) >>> 0,
        data: all.subarray(at + TAG_HEADER_BYTES, end),
      });
      at = end + TAG_SIZE_BYTES;
    }
    this.pending = all.slice(at);
    return tags;
  }

  private skipFileHeader(view: DataView): number {
    const wholeBytes = FILE_HEADER_BYTES + TAG_SIZE_BYTES;
    if (this.headerSeen || view.byteLength < wholeBytes) return 0;
    if (view.getUint32(0) >>> 8 !== 0x46_4c56 || view.getUint32(5) !== FILE_HEADER_BYTES) throw malformed('this is no FLV');
    this.headerSeen = true;
    return wholeBytes;
  }
}
