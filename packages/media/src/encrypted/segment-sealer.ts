import { readBoxHeader } from '../box-reader.ts';
import { ByteCursor } from '../byte-cursor.ts';
import { joinedBytes } from '../bytes.ts';
import { MediaError } from '../media-error.ts';
import { type EncryptedSubject, envelopeBox, MAX_RECIPIENTS, subjectBytesOf, type WrappedKey } from './envelope.ts';
import { keyIdOf, suite } from './recipient-key.ts';
import { SEGMENT_KEY_BYTES, SegmentCipher } from './segment-cipher.ts';

/** First words of what binds a wrapped key to its purpose. */
export const WRAP_INFO: Uint8Array<ArrayBuffer> = new TextEncoder().encode('cardea segment key 1');

/**
 * Encrypts one segment while it is recorded, for recipients who each can open it alone. Its key exists only here and, wrapped, in the
 * file: who recorded it cannot open it any more once this is gone.
 */
export class SegmentSealer {
  /** ftyp, the envelope, moov: the head of the file. */
  readonly init: Uint8Array;
  private readonly cipher: SegmentCipher;

  private constructor(init: Uint8Array, cipher: SegmentCipher) {
    this.init = init;
    this.cipher = cipher;
  }

  /**
   * @param init ftyp and moov
   * @param publicKeys of the recipients, 32 bytes each
   * @throws MediaError INVALID_REQUEST without recipients, with too many, or when none of them has a key. One whose key is none is left out:
   *   it must not cost the others the recording
   */
  static async create(init: Uint8Array, subject: EncryptedSubject, publicKeys: readonly Uint8Array[]): Promise<SegmentSealer> {
    if (publicKeys.length === 0 || publicKeys.length > MAX_RECIPIENTS)
      throw new MediaError('INVALID_REQUEST', 'an encrypted segment needs recipients');
    const key = crypto.getRandomValues(new Uint8Array(SEGMENT_KEY_BYTES));
    const subjectBytes = subjectBytesOf(subject);
    const keys = (await Promise.all(publicKeys.map((publicKey) => wrap(key, new Uint8Array(publicKey), subjectBytes)))).flatMap(
      (wrapped) => wrapped ?? [],
    );
    if (keys.length === 0) throw new MediaError('INVALID_REQUEST', 'no recipient has an X25519 key');
    const cipher = await SegmentCipher.of(key, subjectBytes, new Uint8Array(init));
    const fileType = readBoxHeader(new ByteCursor(init, 0, init.length))?.sizeBytes ?? 0;
    const head = joinedBytes(init.subarray(0, fileType), envelopeBox(subjectBytes, keys), init.subarray(fileType));
    return new SegmentSealer(head, cipher);
  }

  /** The fragment as it is stored. Each place is used once, and only the last fragment of the file is `last`. */
  async seal(fragment: Uint8Array, place: { readonly index: number; readonly last: boolean }): Promise<Uint8Array> {
    return await this.cipher.encrypt(fragment, place);
  }
}

async function wrap(
  key: Uint8Array<ArrayBuffer>,
  publicKey: Uint8Array<ArrayBuffer>,
  subjectBytes: Uint8Array<ArrayBuffer>,
): Promise<WrappedKey | undefined> {
  try {
    const recipientPublicKey = await suite.kem.deserializePublicKey(publicKey.buffer);
    const { ct, enc } = await suite.seal({ recipientPublicKey, info: WRAP_INFO.buffer }, key.buffer, subjectBytes.buffer);
    return { keyId: await keyIdOf(publicKey), encapsulated: new Uint8Array(enc), wrapped: new Uint8Array(ct) };
  } catch {
    return undefined;
  }
}
