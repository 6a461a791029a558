import { joinedBytes } from '../bytes.ts';
import { malformed } from '../media-error.ts';
import { bodyBytesOf, type InterleavedFrame, parseRtspHead, type RtspHead, type RtspMessage, rtspLimits } from './rtsp-message.ts';

const dollar = 0x24;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const frameHeadBytes = 4;

/** Takes the bytes of an RTSP connection apart: messages, and RTP between them. It holds no more than one message. */
export class RtspReader {
  #held = new Uint8Array(0);
  /** Of a message whose body is still to come. */
  #head: RtspHead | undefined;

  /** What `bytes` completes. After an error the connection has no meaning any more. @throws MediaError OBJECT_MISMATCH */
  push(bytes: Uint8Array): readonly (RtspMessage | InterleavedFrame)[] {
    this.#held = joinedBytes(this.#held, bytes);
    const items: (RtspMessage | InterleavedFrame)[] = [];
    for (let item = this.#next(); item !== undefined; item = this.#next()) items.push(item);
    return items;
  }

  #next(): RtspMessage | InterleavedFrame | undefined {
    if (this.#head !== undefined) return this.#nextBody(this.#head);
    // Some clients send an empty line between messages.
    let skipped = 0;
    while (this.#held[skipped] === carriageReturn || this.#held[skipped] === lineFeed) skipped += 1;
    this.#take(skipped);
    return this.#held[0] === dollar ? this.#nextFrame() : this.#nextMessage();
  }

  #nextFrame(): InterleavedFrame | undefined {
    const [, channel = 0, high = 0, low = 0] = this.#held;
    const end = frameHeadBytes + high * 256 + low;
    if (this.#held.length < frameHeadBytes || this.#held.length < end) return undefined;
    return { kind: 'interleaved', channel, payload: this.#take(end).subarray(frameHeadBytes) };
  }

  #nextMessage(): RtspMessage | undefined {
    const end = endOfHead(this.#held);
    if (end === undefined) {
      if (this.#held.length > rtspLimits.headBytes) throw malformed('an RTSP head longer than allowed');
      return undefined;
    }
    const text = new TextDecoder().decode(this.#take(end));
    this.#head = parseRtspHead(text.trimEnd());
    return this.#nextBody(this.#head);
  }

  #nextBody(head: RtspHead): RtspMessage | undefined {
    const length = bodyBytesOf(head);
    if (this.#held.length < length) return undefined;
    this.#head = undefined;
    return { ...head, body: this.#take(length) };
  }

  #take(length: number): Uint8Array {
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }
}

/** Where the empty line after a head ends; only looked for as far as a head may reach. */
function endOfHead(bytes: Uint8Array): number | undefined {
  const limit = Math.min(bytes.length, rtspLimits.headBytes);
  for (let at = bytes.indexOf(lineFeed); at !== -1 && at < limit; at = bytes.indexOf(lineFeed, at + 1)) {
    if (bytes[at + 1] === lineFeed) return at + 2;
    if (bytes[at + 1] === carriageReturn && bytes[at + 2] === lineFeed) return at + 3;
  }
  return undefined;
}

/** RTP or RTCP as it stands between messages, all packets in one piece; `channel` before each. Packets of up to 65535 bytes. */
export function interleave(packets: readonly { readonly channel: number; readonly packet: Uint8Array }[]): Uint8Array {
  const whole = new Uint8Array(packets.reduce((sum, { packet }) => sum + frameHeadBytes + packet.length, 0));
  let at = 0;
  for (const { channel, packet } of packets) {
    whole.set([dollar, channel, packet.length >> 8, packet.length & 0xff], at);
    whole.set(packet, at + frameHeadBytes);
    at += frameHeadBytes + packet.length;
  }
  return whole;
}

/** The packets that {@link interleave} joined, as views. @throws MediaError OBJECT_MISMATCH */
export function splitInterleaved(bytes: Uint8Array): readonly InterleavedFrame[] {
  const frames: InterleavedFrame[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [first, channel = 0, high = 0, low = 0] = bytes.subarray(at, at + frameHeadBytes);
    const end = at + frameHeadBytes + high * 256 + low;
    if (first !== dollar || end > bytes.length) throw malformed('interleaved packets that do not fit their bytes');
    frames.push({ kind: 'interleaved', channel, payload: bytes.subarray(at + frameHeadBytes, end) });
    at = end;
  }
  return frames;
}
