/** One file in a tar archive (POSIX.1-1988 ustar). */
export interface TarEntry {
  /** At most 100 ASCII characters. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** A header, and what is added to a file, come in whole blocks. */
export const TAR_BLOCK_BYTES = 512;

/** Two blocks of zeros end an archive. */
export const tarEnd = new Uint8Array(2 * TAR_BLOCK_BYTES);

const CHECKSUM_AT = 148;

/** The block that stands before the bytes of a file. @throws RangeError when the archive cannot carry it */
export function tarHeader({ name, sizeBytes }: TarEntry, modifiedAt: number): Uint8Array<ArrayBuffer> {
  if (!/^[\x21-\x7e]{1,100}$/.test(name) || sizeBytes > 0o77777777777) throw new RangeError(`a tar archive cannot carry ${name}`);
  const block = new Uint8Array(TAR_BLOCK_BYTES);
  const write = (at: number, text: string): void => void new TextEncoder().encodeInto(text, block.subarray(at));
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0');
  write(0, name);
  write(100, `${octal(0o644, 7)}\0${octal(0, 7)}\0${octal(0, 7)}\0`);
  write(124, `${octal(sizeBytes, 11)}\0${octal(Math.floor(modifiedAt / 1_000), 11)}\0`);
  write(156, '0');
  write(257, 'ustar\u000000');
  write(CHECKSUM_AT, `${octal(checksumOf(block), 6)}\0 `);
  return block;
}

/** What a header says; `undefined` for the zeros at the end. @throws RangeError for what is none, or is no plain file */
export function readTarHeader(block: Uint8Array): TarEntry | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const text = (at: number, length: number): string =>
    new TextDecoder('latin1').decode(block.subarray(at, at + length)).split('\0')[0] ?? '';
  const sizeBytes = Number.parseInt(text(124, 12), 8);
  const sum = Number.parseInt(text(CHECKSUM_AT, 8), 8);
  if (block.length !== TAR_BLOCK_BYTES || sum !== checksumOf(block) || !(sizeBytes >= 0))
    throw new RangeError('no header of a tar archive');
  if (text(156, 1) !== '0') throw new RangeError('a tar archive with something else than files in it');
  return { name: text(0, 100), sizeBytes };
}

/** Zeros that fill the last block of a file. */
export function tarPadding(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array((TAR_BLOCK_BYTES - (sizeBytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
}

/** The sum of all bytes of the header, with spaces for the sum itself. */
function checksumOf(block: Uint8Array): number {
  return block.reduce((sum, byte, at) => sum + (at >= CHECKSUM_AT && at < CHECKSUM_AT + 8 ? 0x20 : byte), 0);
}
