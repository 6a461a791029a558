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

/** A NAL unit from its header and the bits of its fields (spaces between them free), with emulation prevention. */
export function nalUnitOf(header: string, fields: readonly string[]): Uint8Array {
  const bits = fields.join('').replaceAll(' ', '');
  const written = [...bytesOf(header)];
  for (let at = 0; at < bits.length; at += 8) {
    const byte = Number.parseInt(bits.slice(at, at + 8).padEnd(8, '0'), 2);
    if (byte <= 3 && written.at(-1) === 0 && written.at(-2) === 0) written.push(3);
    written.push(byte);
  }
  return Uint8Array.from(written);
}
