/** A piece of one direction of a WebSocket connection that can only be forwarded whole. */
export interface Unit {
  readonly bytes: Buffer;
  /** A whole text message: it may be repeated or change places with another and the stream stays well-formed. */
  readonly isMessage: boolean;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const TEXT_AND_FINAL = 0x81;

/** Cuts one direction of an HTTP upgrade and the WebSocket frames after it (RFC 6455 section 5.2) into units. */
export class WebSocketUnits {
  private rest: Buffer = Buffer.alloc(0);
  private upgraded = false;

  push(chunk: Buffer): readonly Unit[] {
    this.rest = this.rest.byteLength === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const units: Unit[] = [];
    for (let sizeBytes = this.nextSize(); sizeBytes > 0 && sizeBytes <= this.rest.byteLength; sizeBytes = this.nextSize()) {
      const bytes = this.rest.subarray(0, sizeBytes);
      units.push({ bytes, isMessage: this.upgraded && bytes[0] === TEXT_AND_FINAL });
      this.rest = this.rest.subarray(sizeBytes);
      this.upgraded = true;
    }
    return units;
  }

  /** Size of the next unit in bytes; 0 while that cannot be told. */
  private nextSize(): number {
    const { rest } = this;
    if (!this.upgraded) {
      const end = rest.indexOf(HEAD_END);
      return end < 0 ? 0 : end + HEAD_END.byteLength;
    }
    if (rest.byteLength < 2) return 0;
    const second = rest.readUInt8(1);
    const maskBytes = (second & 0x80) === 0 ? 0 : 4;
    const short = second & 0x7f;
    if (short < 126) return 2 + maskBytes + short;
    if (short === 126) return rest.byteLength < 4 ? 0 : 4 + maskBytes + rest.readUInt16BE(2);
    return rest.byteLength < 10 ? 0 : 10 + maskBytes + Number(rest.readBigUInt64BE(2));
  }
}
