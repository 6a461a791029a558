import { parseFragment } from '@cardea/media';
import { plainTrack } from './media.ts';

/** The connection of a viewer over WebSocket that keeps what was written to it. */
export class FakeSocket {
  readonly writes: Uint8Array[] = [];
  writableLength = 0;
  write(bytes: Uint8Array): boolean {
    this.writes.push(bytes);
    return true;
  }
  /** Everything written, as messages: text decoded, binary as bytes. */
  get messages(): readonly (string | Buffer)[] {
    const messages: (string | Buffer)[] = [];
    let rest = Buffer.concat(this.writes);
    while (rest.length > 0) {
      const [lengthBytes, at] = rest[1] === 126 ? [rest.readUInt16BE(2), 4] : [rest[1] ?? 0, 2];
      const payload = rest.subarray(at, at + lengthBytes);
      messages.push(rest[0] === 0x81 ? payload.toString() : payload);
      rest = rest.subarray(at + lengthBytes);
    }
    return messages;
  }
  /** Decode times of each fragment received. */
  get times(): readonly (readonly number[])[] {
    return this.messages
      .filter((message) => typeof message !== 'string' && message.toString('latin1', 4, 8) !== 'ftyp')
      .map((message) => parseFragment(Buffer.from(message), [plainTrack]).map(({ dts }) => dts));
  }
}
