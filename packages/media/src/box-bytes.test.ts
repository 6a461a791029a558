// What the tests of this folder share to write boxes by hand; it holds no test of its own.

/** Bytes written in hexadecimal, spaces between them free. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function joined(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map((part) => (typeof part === 'string' ? bytesOf(part) : part))));
}

/** A box around hexadecimal text or other boxes. */
export function boxOf(type: string, ...content: readonly (Uint8Array | string)[]): Uint8Array {
  const body = joined(...content);
  const size = (8 + body.length).toString(16).padStart(8, '0');
  return joined(size, Uint8Array.from(Buffer.from(type, 'latin1')), body);
}
