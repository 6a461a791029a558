import { malformed } from './media-error.ts';

/** Bits of a parameter set, most significant first, with the Exp-Golomb codes of H.264 and H.265 (clause 9.1 / 9.2). */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  bit(): number {
    const byte = this.#bytes[this.#position >> 3];
    if (byte === undefined) throw malformed('the parameter set ends too early');
    const bit = (byte >> (7 - (this.#position & 7))) & 1;
    this.#position += 1;
    return bit;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  /** An unsigned number of up to 32 bits. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i += 1) value = value * 2 + this.bit();
    return value;
  }

  skip(count: number): void {
    this.#position += count;
  }

  /** ue(v). */
  unsigned(): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros += 1;
      if (zeros > 32) throw malformed('an Exp-Golomb code is longer than 32 bits');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** ue(v) that must not exceed `max`. */
  unsignedUpTo(max: number): number {
    const value = this.unsigned();
    if (value > max) throw malformed(`a parameter set holds ${value} where at most ${max} is allowed`);
    return value;
  }

  /** se(v). */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
