export type MessageKind = 'text' | 'binary';

const TEXT_FINAL = 0x81;
const BINARY_FINAL = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/**
 * One whole message of a server as it stands on the wire: header and `parts`, joined once. A server does not mask, so the
 * same bytes serve every connection.
 * @see RFC 6455 5.2
 */
export function webSocketFrame(kind: MessageKind, parts: readonly Uint8Array[]): Buffer {
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([header(kind === 'text' ? TEXT_FINAL : BINARY_FINAL, payloadBytes), ...parts]);
}

/** A text message of a server, in one piece. */
export function webSocketText(text: string): Buffer {
  const payloadBytes = Buffer.byteLength(text);
  const head = header(TEXT_FINAL, payloadBytes);
  const frame = Buffer.allocUnsafe(head.length + payloadBytes);
  frame.set(head);
  frame.write(text, head.length);
  return frame;
}

function header(first: number, payloadBytes: number): Buffer {
  if (payloadBytes < LENGTH_16) return Buffer.from([first, payloadBytes]);
  if (payloadBytes < 0x1_0000) return Buffer.from([first, LENGTH_16, payloadBytes >> 8, payloadBytes & 0xff]);
  const bytes = Buffer.alloc(10);
  bytes[0] = first;
  bytes[1] = LENGTH_64;
  bytes.writeUInt32BE(Math.floor(payloadBytes / 0x1_0000_0000), 2);
  bytes.writeUInt32BE(payloadBytes % 0x1_0000_0000, 6);
  return bytes;
}
