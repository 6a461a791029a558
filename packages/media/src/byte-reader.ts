import { MediaError } from './media-error.ts';

/** Random access to a file or object of known size. */
export interface ByteReader {
  readonly sizeBytes: number;
  /** Resolves with exactly `length` bytes, or fewer only when the source shrank. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Reads from memory; what it returns are views, not copies. */
export function bytesReader(bytes: Uint8Array): ByteReader {
  return { sizeBytes: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) };
}

/** Reads exactly `length` bytes. @throws MediaError OBJECT_MISMATCH when the source ends before. */
export async function readExactly(reader: ByteReader, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await reader.read(offset, length);
  if (bytes.length !== length) throw new MediaError('OBJECT_MISMATCH', `wanted ${length} bytes at ${offset}, got ${bytes.length}`);
  return bytes;
}
