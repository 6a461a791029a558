import { createHash, type KeyObject, verify } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { AppError } from '@cardea/core';
import type { ParamsOf, upgradeFirmware } from '@cardea/protocol';

/** What an image says of itself in its first line, as JSON; the rest is payload. */
export interface ImageHeader {
  readonly model: string;
  readonly version: string;
  /** The build acts this out, so that an upgrade that goes wrong can be tried without hardware. */
  readonly fault?: 'noBoot' | undefined;
}

/** Checked as one piece in memory, since Ed25519 signs the whole. */
export const MAX_IMAGE_BYTES = 256 * 1024 ** 2;
const MAX_HEADER_BYTES = 4_096;
const LINE_FEED = 0x0a;

/** What an image has to be. */
export type ImageClaim = Pick<ParamsOf<typeof upgradeFirmware>, 'version' | 'sha256' | 'signature' | 'signatureAlg'> & {
  readonly model: string;
};

/**
 * Checks the image at `path`: first that it is the one announced, then that a trusted key signed it, and only then what it says.
 * @throws AppError DIGEST_MISMATCH | SIGNATURE_INVALID | INCOMPATIBLE
 */
export async function checkImage(path: string, claim: ImageClaim, keys: readonly KeyObject[]): Promise<ImageHeader> {
  const image = await readFile(path);
  if (createHash('sha256').update(image).digest('hex') !== claim.sha256) throw new AppError('DIGEST_MISMATCH');
  assertSigned(image, claim, keys);
  const header = headerOf(image);
  if (header === undefined) throw new AppError('INCOMPATIBLE', { reason: 'not an image of this kind of device' });
  if (header.model !== claim.model) throw new AppError('INCOMPATIBLE', { model: header.model });
  // The digest comes with the version, the signature does not: a signed old image must not pass for a new one.
  if (header.version !== claim.version) throw new AppError('INCOMPATIBLE', { version: header.version });
  return header;
}

function assertSigned(image: Uint8Array, { signature, signatureAlg = 'ed25519' }: ImageClaim, keys: readonly KeyObject[]): void {
  const bytes = Buffer.from(signature ?? '', 'base64');
  const signed = signatureAlg === 'ed25519' && bytes.length > 0 && keys.some((key) => verify(null, image, key, bytes));
  if (!signed) throw new AppError('SIGNATURE_INVALID');
}

function headerOf(image: Uint8Array): ImageHeader | undefined {
  const end = image.subarray(0, MAX_HEADER_BYTES).indexOf(LINE_FEED);
  if (end < 0) return undefined;
  try {
    const header: unknown = JSON.parse(Buffer.from(image.subarray(0, end)).toString('utf8'));
    return isHeader(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

function isHeader(value: unknown): value is ImageHeader {
  if (typeof value !== 'object' || value === null) return false;
  const { model, version, fault }: Partial<Record<keyof ImageHeader, unknown>> = value;
  return typeof model === 'string' && typeof version === 'string' && (fault === undefined || fault === 'noBoot');
}

/** SHA-256 of a file as lower-case hex, or `undefined` when it cannot be read. */
export async function digestOf(path: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch {
    return undefined;
  }
  return hash.digest('hex');
}
