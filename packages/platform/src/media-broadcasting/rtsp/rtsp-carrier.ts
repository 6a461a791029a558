import type { Clock, Timer } from '@cardea/core';
import { interleave, splitInterleaved } from '@cardea/media';
import type { ViewerSocket } from '../subscription.ts';

/** Where the packets of one viewer go, by the channel they have in the feed. */
export type ChannelMap = ReadonlyMap<number, number>;

/** A connection that takes only some channels, or under other numbers. */
export class MappedConnection implements ViewerSocket {
  private readonly socket: ViewerSocket;
  private readonly channels: ChannelMap;

  constructor(socket: ViewerSocket, channels: ChannelMap) {
    this.socket = socket;
    this.channels = channels;
  }

  get writableLength(): number {
    return this.socket.writableLength;
  }

  write(bytes: Uint8Array): boolean {
    const taken = splitInterleaved(bytes).flatMap(({ channel, payload }) => {
      const own = this.channels.get(channel);
      return own === undefined ? [] : [{ channel: own, packet: payload }];
    });
    return taken.length === 0 || this.socket.write(interleave(taken));
  }
}

/** What leaves at once: more would overflow the receive buffer of a client that takes 200 kB. */
const PACKETS_PER_TICK = 16;
const TICK_MS = 5;

export interface DatagramViewerOptions {
  /** Ports of the client by channel. */
  readonly ports: ChannelMap;
  /** Sends one packet; `isReport` tells RTCP from RTP. */
  readonly send: (packet: Uint8Array, to: { readonly port: number; readonly isReport: boolean }) => void;
  readonly clock: Clock;
}

/**
 * Packets of the feed as datagrams, in order and paced: a start burst takes a moment instead of being lost. What waits here
 * counts as not written yet, so that the subscription bounds it.
 */
export class DatagramViewer implements ViewerSocket, Disposable {
  private readonly options: DatagramViewerOptions;
  private queue: { readonly channel: number; readonly payload: Uint8Array }[] = [];
  private queuedBytes = 0;
  private tick: Timer | undefined;

  constructor(options: DatagramViewerOptions) {
    this.options = options;
  }

  get writableLength(): number {
    return this.queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    for (const { channel, payload } of splitInterleaved(bytes)) {
      if (!this.options.ports.has(channel)) continue;
      this.queue.push({ channel, payload });
      this.queuedBytes += payload.length;
    }
    if (this.tick === undefined) this.sendSome();
    return this.queue.length === 0;
  }

  /** Forgets what waits. */
  [Symbol.dispose](): void {
    this.tick?.[Symbol.dispose]();
    this.tick = undefined;
    this.queue = [];
    this.queuedBytes = 0;
  }

  private sendSome(): void {
    this.tick = undefined;
    // A stream faster than the pace is followed all the same: an eighth of what waits goes in every tick.
    const count = Math.max(PACKETS_PER_TICK, Math.ceil(this.queue.length / 8));
    for (const { channel, payload } of this.queue.splice(0, count)) {
      this.queuedBytes -= payload.length;
      const port = this.options.ports.get(channel);
      if (port !== undefined) this.options.send(payload, { port, isReport: channel % 2 === 1 });
    }
    if (this.queue.length > 0) this.tick = this.options.clock.setTimer(TICK_MS, () => this.sendSome());
  }
}
