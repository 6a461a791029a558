import { DeviceId } from './model/device-id.ts';
import { conforms } from './validate.ts';

const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const BITS_PER_CHAR = 5;
const ID_CHARS = 26;
const DIGEST_BYTES = 32;

/**
 * The id of the device whose raw public key (32 bytes, Ed25519) has this SHA-256 digest: its first 130 bits, most
 * significant first, in lower-case Crockford base32. So an id cannot be claimed without its key (section 0, decision 1).
 * @throws RangeError when `digest` is not 32 bytes long
 */
export function deviceIdFromDigest(digest: Uint8Array): DeviceId {
  if (digest.byteLength !== DIGEST_BYTES) throw new RangeError(`a SHA-256 digest has 32 bytes, not ${digest.byteLength}`);
  let id = '';
  let bits = 0;
  let bitCount = 0;
  for (const byte of digest) {
    bits = (bits << 8) | byte;
    bitCount += 8;
    while (bitCount >= BITS_PER_CHAR && id.length < ID_CHARS) {
      bitCount -= BITS_PER_CHAR;
      id += CROCKFORD.charAt((bits >>> bitCount) & 31);
    }
    bits &= (1 << bitCount) - 1;
    if (id.length === ID_CHARS) break;
  }
  return id;
}

/** Whether `text` has the form of a device id; says nothing about who owns it. */
export function isDeviceId(text: unknown): text is DeviceId {
  return conforms(DeviceId, text);
}
