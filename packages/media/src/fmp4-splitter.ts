import type { BoxHeader } from './box-reader.ts';
import { readBoxHeader } from './box-reader.ts';
import { ByteCursor } from './byte-cursor.ts';
import { maxFragmentBytes, maxInitBytes } from './limits.ts';
import { malformed } from './media-error.ts';

export interface Fmp4Piece {
  readonly kind: 'init' | 'fragment';
  readonly bytes: Uint8Array;
}

/**
 * Cuts a byte stream into init segments (up to and with moov, at most 1 MiB) and fragments (styp, sidx, prft, emsg,
 * moof up to and with mdat, at most 16 MiB). An index at the end (mfra) is dropped.
 * Holds at most one unfinished piece, and takes over the chunks it is given: pieces may be views of them.
 */
export class Fmp4Splitter {
  /** The piece being gathered lies in `#start..#end`; before `#start` is what was handed out. */
  #bytes: Uint8Array = new Uint8Array();
  #start = 0;
  #end = 0;
  /** The next box of the piece begins here. */
  #next = 0;
  #initSeen = false;
  #moofSeen = false;

  /**
   * Takes the next bytes of the stream; returns the pieces they complete, in order.
   * @throws MediaError OBJECT_MISMATCH; the stream cannot be read on afterwards
   */
  push(chunk: Uint8Array): readonly Fmp4Piece[] {
    this.#append(chunk);
    const pieces: Fmp4Piece[] = [];
    for (let piece = this.#nextPiece(); piece !== undefined; piece = this.#nextPiece()) pieces.push(piece);
    return pieces;
  }

  /** Walks the complete boxes at hand until one finishes a piece. */
  #nextPiece(): Fmp4Piece | undefined {
    while (true) {
      const header = readBoxHeader(new ByteCursor(this.#bytes, this.#next, this.#end));
      if (header === undefined) return undefined;
      const boxEnd = this.#next + header.sizeBytes;
      this.#check(header, boxEnd - this.#start);
      if (boxEnd > this.#end) return undefined;
      this.#next = boxEnd;
      if (header.type === 'moof') this.#moofSeen = true;
      if (header.type === 'mfra') this.#start = boxEnd;
      if (header.type === 'moov') return this.#take('init');
      if (header.type === 'mdat') return this.#take('fragment');
    }
  }

  #check({ type, sizeBytes }: BoxHeader, pieceBytes: number): void {
    const inFragment = this.#moofSeen || type === 'moof';
    if (type === 'mdat' && !this.#moofSeen) throw malformed('mdat comes before moof');
    if (type === 'moof' && (this.#moofSeen || !this.#initSeen)) throw malformed('moof comes where none belongs');
    if (type === 'moov' && this.#moofSeen) throw malformed('moov comes between moof and mdat');
    if (sizeBytes === 0) throw malformed(`${type} has no size, which a stream needs`);
    if (pieceBytes > (inFragment ? maxFragmentBytes : maxInitBytes)) throw malformed(`${type} makes its piece too large`);
  }

  #take(kind: Fmp4Piece['kind']): Fmp4Piece {
    const bytes = this.#bytes.subarray(this.#start, this.#next);
    this.#start = this.#next;
    this.#moofSeen = false;
    this.#initSeen = true;
    return { kind, bytes };
  }

  #append(chunk: Uint8Array): void {
    const pendingBytes = this.#end - this.#start;
    if (pendingBytes > 0 && chunk.length <= this.#bytes.length - this.#end) {
      this.#bytes.set(chunk, this.#end);
      this.#end += chunk.length;
      return;
    }
    const pending = this.#bytes.subarray(this.#start, this.#end);
    this.#next -= this.#start;
    this.#start = 0;
    this.#end = pendingBytes + chunk.length;
    if (pendingBytes === 0) {
      this.#bytes = chunk;
      return;
    }
    // Doubling keeps the copying in proportion however small the chunks are; views handed out keep the old buffer.
    this.#bytes = new Uint8Array(this.#end + pendingBytes);
    this.#bytes.set(pending);
    this.#bytes.set(chunk, pendingBytes);
  }
}
