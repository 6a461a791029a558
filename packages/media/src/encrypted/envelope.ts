import { readBoxHeader } from '../box-reader.ts';
import { BoxWriter } from '../box-writer.ts';
import { ByteCursor } from '../byte-cursor.ts';
import { hexOf } from '../bytes.ts';
import { MediaError, malformed } from '../media-error.ts';

/** What an encrypted segment is: bound into every fragment, so that none passes for a part of another. */
export interface EncryptedSubject {
  readonly deviceId: string;
  readonly channel: number;
  readonly stream: string;
  /** Chosen by the device when it began to record; a segment announced anew keeps it. */
  readonly segmentId: string;
  /** First sample, Unix milliseconds. */
  readonly startAt: number;
}

/** The key of a segment, wrapped for one recipient by HPKE. */
export interface WrappedKey {
  /** Of the recipient's public key: the first 8 bytes of its SHA-256, lower-case hex. */
  readonly keyId: string;
  /** 32 bytes: the encapsulated key. */
  readonly encapsulated: Uint8Array;
  /** 48 bytes: the segment key and its tag. */
  readonly wrapped: Uint8Array;
}

/** The box at the head of an encrypted segment. */
export interface Envelope {
  readonly subject: EncryptedSubject;
  /** The subject as it stands in the box: what keys and fragments are bound to. */
  readonly subjectBytes: Uint8Array<ArrayBuffer>;
  readonly keys: readonly WrappedKey[];
}

/** `uuid` of the box (ISO/IEC 14496-12, 4.2), drawn at random for this purpose. */
const userType = Uint8Array.of(0x8d, 0x1c, 0x6b, 0x52, 0x0f, 0x47, 0x4e, 0x3a, 0x9b, 0x65, 0xd2, 0x70, 0x3e, 0xa1, 0x54, 0xc9);
const VERSION = 1;
const KEY_ID_BYTES = 8;
const ENCAPSULATED_BYTES = 32;
const WRAPPED_BYTES = 48;
const MAX_TEXT_BYTES = 64;
export const MAX_RECIPIENTS = 64;

/** The subject as bytes. @throws MediaError INVALID_REQUEST for texts that are no ASCII or too long */
export function subjectBytesOf({ deviceId, channel, stream, segmentId, startAt }: EncryptedSubject): Uint8Array<ArrayBuffer> {
  const writer = new BoxWriter();
  const text = (value: string): void => {
    if (!/^[\x21-\x7e]*$/.test(value) || value.length > MAX_TEXT_BYTES)
      throw new MediaError('INVALID_REQUEST', 'an encrypted segment has ASCII names');
    writer.u8(value.length);
    for (const character of value) writer.u8(character.charCodeAt(0));
  };
  writer.u8(VERSION);
  text(deviceId);
  writer.u32(channel);
  text(stream);
  text(segmentId);
  writer.u64(startAt);
  return new Uint8Array(writer.finish());
}

/** The box with the subject and the keys. */
export function envelopeBox(subjectBytes: Uint8Array, keys: readonly WrappedKey[]): Uint8Array {
  const writer = new BoxWriter();
  writer.box('uuid', () => {
    writer.data(userType);
    writer.u16(subjectBytes.length);
    writer.data(subjectBytes);
    writer.u8(keys.length);
    for (const { keyId, encapsulated, wrapped } of keys) {
      for (let at = 0; at < KEY_ID_BYTES; at += 1) writer.u8(Number.parseInt(keyId.slice(2 * at, 2 * at + 2), 16));
      writer.data(encapsulated);
      writer.data(wrapped);
    }
  });
  return writer.finish();
}

/**
 * The envelope among the boxes at the head of a file, as far as moov, and where it stands; `undefined` when there is none: then nothing
 * is encrypted. @throws MediaError OBJECT_MISMATCH for one that is damaged, or of a form that is not known here
 */
export function findEnvelope(
  bytes: Uint8Array,
): { readonly envelope: Envelope; readonly offset: number; readonly end: number } | undefined {
  const cursor = new ByteCursor(bytes, 0, bytes.length);
  while (cursor.left > 0) {
    const offset = cursor.offset;
    const header = readBoxHeader(cursor);
    if (header === undefined || header.type === 'moov' || header.sizeBytes === 0) return undefined;
    const end = offset + header.sizeBytes;
    if (end > bytes.length) return undefined;
    if (header.type === 'uuid') {
      const body = bytes.subarray(cursor.offset, end);
      if (userType.every((byte, at) => body[at] === byte)) return { envelope: parseEnvelope(body), offset, end };
    }
    cursor.offset = end;
  }
  return undefined;
}

function parseEnvelope(body: Uint8Array): Envelope {
  const cursor = new ByteCursor(body, userType.length);
  const subjectBytes = new Uint8Array(cursor.take(cursor.u16()));
  const keys = Array.from({ length: cursor.u8() }, () => ({
    keyId: hexOf(cursor.take(KEY_ID_BYTES)),
    encapsulated: cursor.take(ENCAPSULATED_BYTES),
    wrapped: cursor.take(WRAPPED_BYTES),
  }));
  if (cursor.left > 0 || keys.length > MAX_RECIPIENTS) throw malformed('the envelope has more in it than belongs there');
  return { subject: parseSubject(subjectBytes), subjectBytes, keys };
}

function parseSubject(bytes: Uint8Array): EncryptedSubject {
  const cursor = new ByteCursor(bytes);
  const text = (): string => String.fromCharCode(...cursor.take(cursor.u8()));
  if (cursor.u8() !== VERSION) throw malformed('the envelope has a form that is not known here');
  const subject = { deviceId: text(), channel: cursor.u32(), stream: text(), segmentId: text(), startAt: cursor.u64() };
  if (cursor.left > 0) throw malformed('the envelope has more in it than belongs there');
  return subject;
}
