import { ByteCursor } from '../byte-cursor.ts';
import { malformed } from '../media-error.ts';

/** What AMF 0 can say, as far as RTMP and FLV use it. Dates become Unix milliseconds, typed objects plain ones. */
export type AmfValue = number | boolean | string | null | undefined | readonly AmfValue[] | AmfObject;
export interface AmfObject {
  readonly [member: string]: AmfValue;
}

const NUMBER = 0;
const BOOLEAN = 1;
const STRING = 2;
const OBJECT = 3;
const NULL = 5;
const UNDEFINED = 6;
const ECMA_ARRAY = 8;
const OBJECT_END = 9;
const STRICT_ARRAY = 10;
const DATE = 11;
const LONG_STRING = 12;
const UNSUPPORTED = 13;
const XML = 15;
const TYPED_OBJECT = 16;

/** Metadata and commands need neither; both bound the work one message can cause. */
const MAX_DEPTH = 8;
const MAX_VALUES = 4_096;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/**
 * The values that stand in `bytes` one after another.
 * @throws MediaError OBJECT_MISMATCH when cut short, nested deeper than 8, more than 4096, or of a kind RTMP does not use
 * @see Action Message Format AMF 0
 */
export function decodeAmf0(bytes: Uint8Array): readonly AmfValue[] {
  const reader = new AmfReader(bytes);
  const values: AmfValue[] = [];
  while (reader.left > 0) values.push(reader.value(0));
  return values;
}

class AmfReader {
  private readonly cursor: ByteCursor;
  private values = 0;

  constructor(bytes: Uint8Array) {
    this.cursor = new ByteCursor(bytes);
  }

  get left(): number {
    return this.cursor.left;
  }

  value(depth: number): AmfValue {
    const { cursor } = this;
    this.values += 1;
    if (depth > MAX_DEPTH || this.values > MAX_VALUES) throw malformed('AMF values are nested too deep or too many');
    const kind = cursor.u8();
    switch (kind) {
      case NUMBER:
        return this.number();
      case BOOLEAN:
        return cursor.u8() !== 0;
      case STRING:
        return this.text(cursor.u16());
      case LONG_STRING:
      case XML:
        return this.text(cursor.u32());
      case NULL:
        return null;
      case UNDEFINED:
      case UNSUPPORTED:
        return undefined;
      case DATE:
        return this.date();
      case STRICT_ARRAY:
        return this.array(depth);
      default:
        return this.object(kind, depth);
    }
  }

  private object(kind: number, depth: number): AmfObject {
    const { cursor } = this;
    if (kind === ECMA_ARRAY) cursor.skip(4);
    else if (kind === TYPED_OBJECT) cursor.skip(cursor.u16());
    else if (kind !== OBJECT) throw malformed(`AMF kind ${kind} is not known`);
    const members: [string, AmfValue][] = [];
    while (cursor.left > 0) {
      const name = this.text(cursor.u16());
      if (name === '' && cursor.bytes[cursor.offset] === OBJECT_END) {
        cursor.skip(1);
        return Object.fromEntries(members);
      }
      members.push([name, this.value(depth + 1)]);
    }
    // Some encoders leave the end of the last array out.
    return Object.fromEntries(members);
  }

  private array(depth: number): readonly AmfValue[] {
    const count = this.cursor.count(this.cursor.u32(), 1);
    const values: AmfValue[] = [];
    while (values.length < count) values.push(this.value(depth + 1));
    return values;
  }

  private date(): number {
    const value = this.number();
    this.cursor.skip(2);
    return value;
  }

  private number(): number {
    const { buffer, byteOffset } = this.cursor.take(8);
    return new DataView(buffer, byteOffset, 8).getFloat64(0);
  }

  private text(length: number): string {
    return decoder.decode(this.cursor.take(length));
  }
}

/** The values one after another; objects as AMF objects. Strings are at most 65535 bytes. */
export function encodeAmf0(values: readonly AmfValue[]): Uint8Array {
  const bytes: number[] = [];
  for (const value of values) append(bytes, value);
  return Uint8Array.from(bytes);
}

/** The body of an `onMetaData` message: its name and one ECMA array, as players expect it. */
export function encodeAmf0Metadata(metadata: AmfObject): Uint8Array {
  const bytes: number[] = [];
  append(bytes, 'onMetaData');
  bytes.push(ECMA_ARRAY, 0, 0, 0, Object.keys(metadata).length & 0xff);
  appendMembers(bytes, metadata);
  return Uint8Array.from(bytes);
}

function append(bytes: number[], value: AmfValue): void {
  if (typeof value === 'number') appendNumber(bytes, value);
  else if (typeof value === 'boolean') bytes.push(BOOLEAN, value ? 1 : 0);
  else if (typeof value === 'string') {
    bytes.push(STRING);
    appendText(bytes, value);
  } else if (value === undefined || value === null) bytes.push(value === null ? NULL : UNDEFINED);
  else if (isList(value)) {
    bytes.push(STRICT_ARRAY, ...uint32(value.length));
    for (const element of value) append(bytes, element);
  } else {
    bytes.push(OBJECT);
    appendMembers(bytes, value);
  }
}

/** Whether a value has named members. */
export function isAmfObject(value: AmfValue): value is AmfObject {
  return typeof value === 'object' && value !== null && !isList(value);
}

function isList(value: readonly AmfValue[] | AmfObject): value is readonly AmfValue[] {
  return Array.isArray(value);
}

function appendMembers(bytes: number[], object: AmfObject): void {
  for (const [name, value] of Object.entries(object)) {
    appendText(bytes, name);
    append(bytes, value);
  }
  bytes.push(0, 0, OBJECT_END);
}

function appendNumber(bytes: number[], value: number): void {
  const field = new Uint8Array(8);
  new DataView(field.buffer).setFloat64(0, value);
  bytes.push(NUMBER, ...field);
}

function appendText(bytes: number[], text: string): void {
  const coded = encoder.encode(text);
  if (coded.length > 0xffff) throw malformed('an AMF string is longer than 65535 bytes');
  bytes.push(coded.length >> 8, coded.length & 0xff, ...coded);
}

function uint32(value: number): readonly number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}
