/** Builds small box structures (init segments, indexes) in a growing buffer; sizes are filled in when a box ends. */
export class BoxWriter {
  #bytes = new Uint8Array(1024);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  box(type: string, writeBody: () => void): void {
    const start = this.#length;
    this.u32(0);
    this.fourCc(type);
    writeBody();
    this.#view.setUint32(start, this.#length - start);
  }

  /** A box with version and flags (ISO/IEC 14496-12, 4.2 FullBox). */
  fullBox(type: string, versionAndFlags: { readonly version: number; readonly flags: number }, writeBody: () => void): void {
    this.box(type, () => {
      this.u8(versionAndFlags.version);
      this.u8(versionAndFlags.flags >> 16);
      this.u16(versionAndFlags.flags & 0xffff);
      writeBody();
    });
  }

  u8(value: number): void {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
  }

  /** A whole number up to 2^53. */
  u64(value: number): void {
    this.u32(Math.floor(value / 0x1_0000_0000));
    this.u32(value % 0x1_0000_0000);
  }

  /** Four ASCII characters. */
  fourCc(type: string): void {
    for (let i = 0; i < 4; i += 1) this.u8(type.charCodeAt(i));
  }

  /** ASCII with a terminating zero. */
  text(text: string): void {
    for (const character of text) this.u8(character.charCodeAt(0));
    this.u8(0);
  }

  data(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  zeros(count: number): void {
    this.#reserve(count);
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length));
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
