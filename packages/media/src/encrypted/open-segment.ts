import { joinedBytes } from '../bytes.ts';
import { Fmp4Splitter } from '../fmp4-splitter.ts';
import { MediaError, malformed } from '../media-error.ts';
import { type EncryptedSubject, type Envelope, findEnvelope } from './envelope.ts';
import { type RecipientKey, suite } from './recipient-key.ts';
import { SegmentCipher } from './segment-cipher.ts';
import { WRAP_INFO } from './segment-sealer.ts';

/** A segment that was encrypted, as it was recorded. */
export interface OpenedSegment {
  /** Fragmented MP4; an index at the end is left out. Empty without a fragment, since only one proves the init segment. */
  readonly bytes: Uint8Array;
  readonly subject: EncryptedSubject;
  /** Ids of the keys of all who can open it. */
  readonly recipients: readonly string[];
  /** The end is the one the camera made. False: the camera was cut off there, or somebody cut the file. */
  readonly complete: boolean;
}

/** Ids of the keys that open a file; `undefined` when it is not encrypted. @throws MediaError OBJECT_MISMATCH */
export function recipientsOf(bytes: Uint8Array): readonly string[] | undefined {
  return findEnvelope(bytes)?.envelope.keys.map(({ keyId }) => keyId);
}

/**
 * Decrypts a segment with one of `keys`. Nothing of it is returned unless all of it is what the camera recorded, in its order.
 * @throws MediaError OBJECT_MISMATCH for bytes that are not encrypted, were changed, swapped, repeated or come from another segment;
 *   INVALID_REQUEST when none of the keys opens it
 */
export async function openSegment(bytes: Uint8Array, keys: readonly RecipientKey[]): Promise<OpenedSegment> {
  const found = findEnvelope(bytes);
  if (found === undefined) throw malformed('this is not encrypted');
  const { envelope, offset, end } = found;
  const segmentKey = await unwrap(envelope, keys);
  const [first, ...fragments] = new Fmp4Splitter().push(joinedBytes(bytes.subarray(0, offset), bytes.subarray(end)));
  if (first === undefined || first.kind !== 'init') throw malformed('no moov');
  const init = new Uint8Array(first.bytes);
  const cipher = await SegmentCipher.of(segmentKey, envelope.subjectBytes, init);
  const opened: Uint8Array[] = [];
  let complete = false;
  for (const [index, fragment] of fragments.entries()) {
    if (complete) throw malformed('something follows the last fragment');
    const plain = await cipher.decrypt(fragment.bytes, { index, last: false });
    const last = plain === undefined ? await cipher.decrypt(fragment.bytes, { index, last: true }) : undefined;
    const recorded = plain ?? last;
    if (recorded === undefined) throw malformed(`fragment ${index} is not what the camera recorded there`);
    complete = last !== undefined;
    // A fragment that opens proves the init segment, which proves nothing by itself.
    opened.push(...(index === 0 ? [init] : []), recorded);
  }
  const { subject, keys: wrapped } = envelope;
  return { bytes: joinedBytes(...opened), subject, recipients: wrapped.map(({ keyId }) => keyId), complete };
}

async function unwrap({ keys: wrappedKeys, subjectBytes }: Envelope, keys: readonly RecipientKey[]): Promise<Uint8Array<ArrayBuffer>> {
  for (const { keyId, encapsulated, wrapped } of wrappedKeys) {
    const key = keys.find((candidate) => candidate.keyId === keyId);
    if (key === undefined) continue;
    const parameters = { recipientKey: key.privateKey, enc: new Uint8Array(encapsulated).buffer, info: WRAP_INFO.buffer };
    const opened = await suite.open(parameters, new Uint8Array(wrapped).buffer, subjectBytes.buffer).catch(() => undefined);
    if (opened === undefined) throw malformed('the wrapped key or what it is bound to was changed');
    return new Uint8Array(opened);
  }
  throw new MediaError('INVALID_REQUEST', 'it was encrypted for others');
}
