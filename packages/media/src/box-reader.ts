import { ByteCursor } from './byte-cursor.ts';
import { maxBoxDepth, maxBoxes, maxFileBoxes } from './limits.ts';
import { malformed } from './media-error.ts';

/** Type and size of a box (ISO/IEC 14496-12, 4.2). `sizeBytes` covers the header. */
export interface BoxHeader {
  readonly type: string;
  readonly headerBytes: number;
  readonly sizeBytes: number;
}

/** No header is longer. */
export const maxBoxHeaderBytes = 16;

/**
 * Reads the header at the cursor; undefined when the bytes end inside it.
 * A size of 0 (up to the end of the file) is returned as 0.
 * @throws MediaError OBJECT_MISMATCH when the size is smaller than the header
 */
export function readBoxHeader(cursor: ByteCursor): BoxHeader | undefined {
  if (cursor.left < 8) return undefined;
  const size = cursor.u32();
  const type = cursor.fourCc();
  if (size === 0) return { type, headerBytes: 8, sizeBytes: 0 };
  if (size !== 1) return checkedHeader(type, 8, size);
  return cursor.left < 8 ? undefined : checkedHeader(type, 16, cursor.u64());
}

function checkedHeader(type: string, headerBytes: number, sizeBytes: number): BoxHeader {
  if (sizeBytes < headerBytes) throw malformed(`a box says it has ${sizeBytes} bytes`);
  return { type, headerBytes, sizeBytes };
}

/** A box inside known bytes: offsets into them. */
export interface Box {
  readonly type: string;
  readonly offset: number;
  readonly bodyOffset: number;
  readonly end: number;
  readonly depth: number;
}

/**
 * The boxes at the top of a file that is in memory as a whole, as many as a file may have.
 * @throws MediaError OBJECT_MISMATCH when there are more, or the last one is cut short
 */
export function* fileBoxes(bytes: Uint8Array): Generator<Box> {
  const cursor = new ByteCursor(bytes, 0, bytes.length);
  for (let count = 0; cursor.left > 0; count += 1) {
    if (count >= maxFileBoxes) throw malformed('too many boxes');
    const offset = cursor.offset;
    const header = readBoxHeader(cursor);
    if (header === undefined || header.sizeBytes === 0 || header.sizeBytes > bytes.length - offset) throw malformed('a box is cut short');
    const end = offset + header.sizeBytes;
    yield { type: header.type, offset, bodyOffset: offset + header.headerBytes, end, depth: 0 };
    cursor.offset = end;
  }
}

/** The boxes of one piece of memory, read on demand; every child lies inside its parent, depth and number are bounded. */
export class BoxReader {
  readonly bytes: Uint8Array;
  #boxes = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  top(): Box[] {
    return this.#list(0, this.bytes.length, 0);
  }

  /** Children after `skipBytes` of fields of the parent's own. @throws MediaError OBJECT_MISMATCH */
  children(parent: Box, skipBytes = 0): Box[] {
    return this.#list(parent.bodyOffset + skipBytes, parent.end, parent.depth + 1);
  }

  child(parent: Box, type: string, skipBytes = 0): Box | undefined {
    return this.children(parent, skipBytes).find((box) => box.type === type);
  }

  /** @throws MediaError OBJECT_MISMATCH when there is none */
  need(parent: Box, type: string): Box {
    const box = this.child(parent, type);
    if (box === undefined) throw malformed(`${parent.type} has no ${type}`);
    return box;
  }

  body(box: Box): ByteCursor {
    return new ByteCursor(this.bytes, box.bodyOffset, box.end);
  }

  /** The body as a view. */
  content(box: Box): Uint8Array {
    return this.bytes.subarray(box.bodyOffset, box.end);
  }

  #list(start: number, end: number, depth: number): Box[] {
    if (depth > maxBoxDepth) throw malformed('boxes are nested too deep');
    const boxes: Box[] = [];
    const cursor = new ByteCursor(this.bytes, start, end);
    while (cursor.left > 0) {
      const offset = cursor.offset;
      // QuickTime ends some lists of boxes with a 32 bit zero.
      if (cursor.left === 4 && cursor.u32() === 0) break;
      cursor.offset = offset;
      const header = readBoxHeader(cursor);
      if (header === undefined) throw malformed('a box header is cut short');
      if (header.sizeBytes === 0 || header.sizeBytes > end - offset) throw malformed(`${header.type} reaches beyond its parent`);
      this.#boxes += 1;
      if (this.#boxes > maxBoxes) throw malformed('too many boxes');
      boxes.push({ type: header.type, offset, bodyOffset: cursor.offset, end: offset + header.sizeBytes, depth });
      cursor.offset = offset + header.sizeBytes;
    }
    return boxes;
  }
}
