import { malformed } from './media-error.ts';

/** Big-endian fields read in order from a window of bytes; reading past its end throws `OBJECT_MISMATCH`. */
export class ByteCursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  offset: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.offset = offset;
    this.end = end;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.end - this.offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4));
  }

  /** @throws MediaError OBJECT_MISMATCH also beyond 2^53, which no size or time of ours reaches. */
  u64(): number {
    const value = this.u32() * 0x1_0000_0000 + this.u32();
    if (!Number.isSafeInteger(value)) throw malformed('a 64 bit number is too large');
    return value;
  }

  i64(): number {
    const value = this.i32() * 0x1_0000_0000 + this.u32();
    if (!Number.isSafeInteger(value)) throw malformed('a 64 bit number is too large');
    return value;
  }

  fourCc(): string {
    const at = this.#advance(4);
    const { bytes } = this;
    return String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, bytes[at + 3] ?? 0);
  }

  skip(length: number): void {
    this.#advance(length);
  }

  /** A view of the next `length` bytes, not a copy. */
  take(length: number): Uint8Array {
    const at = this.#advance(length);
    return this.bytes.subarray(at, at + length);
  }

  /** A declared number of entries, refused unless that many of `entryBytes` each are really there. */
  count(declared: number, entryBytes: number): number {
    if (declared * entryBytes > this.left) throw malformed(`${declared} entries declared, ${this.left} bytes left`);
    return declared;
  }

  #advance(length: number): number {
    const at = this.offset;
    if (length > this.end - at) throw malformed(`wanted ${length} bytes at ${at}, ${this.end - at} left`);
    this.offset = at + length;
    return at;
  }
}
