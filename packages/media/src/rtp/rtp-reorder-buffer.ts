import { type RtpPacket, sequenceDistance } from './rtp-packet.ts';

const defaultDepth = 64;

/** Puts the packets of one stream in sequence. A missing packet is waited for until `depth` later ones are here. */
export class RtpReorderBuffer {
  readonly #depth: number;
  readonly #waiting = new Map<number, RtpPacket>();
  #next: number | undefined;

  constructor(depth = defaultDepth) {
    this.#depth = depth;
  }

  /** The packets whose turn it is; copies and those that come too late are dropped. */
  push(packet: RtpPacket): readonly RtpPacket[] {
    this.#next ??= packet.sequence;
    const ahead = sequenceDistance(this.#next, packet.sequence);
    // A sender that began anew counts from anywhere; no network delays a packet by this many others.
    const isRestart = Math.abs(ahead) > 16 * this.#depth;
    if (isRestart) {
      this.#waiting.clear();
      this.#next = packet.sequence;
    } else if (ahead < 0) return [];
    this.#waiting.set(packet.sequence, packet);
    const ready = this.#take();
    if (this.#waiting.size < this.#depth) return ready;
    this.#next = this.#earliest();
    return [...ready, ...this.#take()];
  }

  #take(): RtpPacket[] {
    const ready: RtpPacket[] = [];
    for (let next = this.#next ?? 0; ; next = (next + 1) & 0xffff) {
      const packet = this.#waiting.get(next);
      this.#next = next;
      if (packet === undefined) return ready;
      this.#waiting.delete(next);
      ready.push(packet);
    }
  }

  #earliest(): number {
    const from = this.#next ?? 0;
    const steps = [...this.#waiting.keys()].map((sequence) => sequenceDistance(from, sequence));
    return (from + Math.min(...steps)) & 0xffff;
  }
}
