import { readBoxHeader } from '../box-reader.ts';
import { ByteCursor } from '../byte-cursor.ts';
import { joinedBytes } from '../bytes.ts';
import { malformed } from '../media-error.ts';

type SubtleKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/** What AES-GCM adds to what it encrypts. */
export const TAG_BYTES = 16;
export const SEGMENT_KEY_BYTES = 32;

/** A fragment: everything as far as the payload of its mdat, and that payload. */
interface Halves {
  readonly head: Uint8Array;
  readonly payload: Uint8Array<ArrayBuffer>;
}

export interface FragmentPlace {
  /** From 0. */
  readonly index: number;
  /** No fragment follows. */
  readonly last: boolean;
}

/**
 * Encrypts and decrypts the fragments of one segment: AES-256-GCM of the payload of each mdat, with the index of the fragment as nonce. Bound
 * to it are the subject of the segment, its init segment, the place of the fragment and everything in it before the payload.
 */
export class SegmentCipher {
  private readonly key: SubtleKey;
  private readonly bound: Uint8Array;

  private constructor(key: SubtleKey, bound: Uint8Array) {
    this.key = key;
    this.bound = bound;
  }

  /** @param init ftyp and moov, as they are without the envelope */
  static async of(key: Uint8Array<ArrayBuffer>, subjectBytes: Uint8Array, init: Uint8Array<ArrayBuffer>): Promise<SegmentCipher> {
    const imported = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', init));
    return new SegmentCipher(imported, joinedBytes(subjectBytes, digest));
  }

  /** The fragment as it is stored: `TAG_BYTES` longer. */
  async encrypt(fragment: Uint8Array, place: FragmentPlace): Promise<Uint8Array> {
    const { head, payload } = halvesOf(fragment, TAG_BYTES);
    const sealed = await crypto.subtle.encrypt({ ...this.parameters(head, place), name: 'AES-GCM' }, this.key, payload);
    return joinedBytes(head, new Uint8Array(sealed));
  }

  /** The fragment as it was recorded; `undefined` when it is not the one of this place, or was changed. */
  async decrypt(fragment: Uint8Array, place: FragmentPlace): Promise<Uint8Array | undefined> {
    const { head, payload } = halvesOf(fragment, 0);
    if (payload.length < TAG_BYTES) return undefined;
    const parameters = { ...this.parameters(head, place), name: 'AES-GCM' };
    const opened = await crypto.subtle.decrypt(parameters, this.key, payload).catch(() => undefined);
    return opened && joinedBytes(halvesOf(fragment, -TAG_BYTES).head, new Uint8Array(opened));
  }

  private parameters(head: Uint8Array, { index, last }: FragmentPlace) {
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setUint32(8, index);
    const additionalData = joinedBytes(this.bound, iv.subarray(8), Uint8Array.of(last ? 1 : 0), head);
    return { iv, additionalData };
  }
}

/** Both halves, with an mdat that says it is `growth` bytes larger. @throws MediaError OBJECT_MISMATCH for what is no fragment */
function halvesOf(fragment: Uint8Array, growth: number): Halves {
  const cursor = new ByteCursor(fragment, 0, fragment.length);
  while (cursor.left > 0) {
    const offset = cursor.offset;
    const header = readBoxHeader(cursor);
    if (header === undefined || header.sizeBytes === 0 || header.sizeBytes > fragment.length - offset) break;
    if (header.type === 'mdat' && offset + header.sizeBytes === fragment.length) {
      const head = new Uint8Array(fragment.subarray(0, cursor.offset));
      const sizes = new DataView(head.buffer);
      if (header.headerBytes === 8) sizes.setUint32(offset, header.sizeBytes + growth);
      else sizes.setBigUint64(offset + 8, BigInt(header.sizeBytes + growth));
      return { head, payload: new Uint8Array(fragment.subarray(cursor.offset)) };
    }
    cursor.offset = offset + header.sizeBytes;
  }
  throw malformed('a fragment has to end with its mdat');
}
