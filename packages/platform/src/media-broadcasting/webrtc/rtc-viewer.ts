import { type Clock, type Timer, TokenBucket } from '@cardea/core';
import { buildSenderReport, MediaError, parseRtcp, type RtcpPacket } from '@cardea/media';
import type { MediaCounters } from '../ports.ts';

export type RtcKind = 'video' | 'audio';

/**
 * RTP packets of one unit. All viewers share the bytes: payload type, sequence and timestamp are written into them just before
 * each sending, which copies them.
 */
export interface RtcUnit {
  readonly kind: RtcKind;
  readonly packets: readonly Buffer[];
  readonly timestamp: number;
  readonly isKeyframe: boolean;
}

/** What goes to one viewer as one kind. */
export interface RtcLane {
  readonly payloadType: number;
  readonly ssrc: number;
  /** Sends one packet of RTP or RTCP, copying it. */
  readonly send: (packet: Buffer) => void;
}

export interface RtcViewerOptions {
  readonly lanes: Readonly<Partial<Record<RtcKind, RtcLane>>>;
  /** The pictures since the newest key frame, squeezed into no time; empty when they are not kept. */
  readonly burst: () => readonly RtcUnit[];
  /** Nothing but a new key frame helps. */
  readonly onNeedsKeyframe: () => void;
  readonly clock: Clock;
  readonly counters: MediaCounters;
}

interface LaneState extends RtcLane {
  sequence: number;
  packets: number;
  payloadBytes: number;
  /** What was sent, by sequence modulo their length. */
  readonly sentPackets: (Buffer | undefined)[];
  readonly sentTimestamps: Uint32Array;
}

/** So many packets may go at once, and then some 90 Mbit/s: more would overrun the buffers of networks and receivers. */
const PACE = { burst: 48, perSecond: 9_600 };
const STEP_MS = 5;
/** Some 4 MB. */
const QUEUE_MAX_PACKETS = 3_500;
const HISTORY_PACKETS = 1_024;
const RESENT = { burst: 256, perSecond: 512 };
const RESTART_MS = 1_000;
/** A receiver that misses so much of what comes is helped by less of it. */
const HEAVY_LOSS = 0.3;
const RTP_HEADER_BYTES = 12;

/**
 * The media of one viewer: numbers of its own on packets that all share, what to send again, and where to begin anew when it
 * cannot follow. A viewer that falls behind goes on at a later key frame and delays nobody (reliability.md C-14).
 */
export class RtcViewer implements Disposable {
  private readonly options: RtcViewerOptions;
  private readonly lanes = new Map<RtcKind, LaneState>();
  private readonly pace: TokenBucket;
  private readonly resends: TokenBucket;
  private readonly queue: RtcUnit[] = [];
  private queuedPackets = 0;
  /** Of the first unit of the queue. */
  private nextPacket = 0;
  private step: Timer | undefined;
  private flowing = false;
  private restartedAtMs = Number.NEGATIVE_INFINITY;
  private sent = 0;

  constructor(options: RtcViewerOptions) {
    this.options = options;
    this.pace = new TokenBucket(PACE, options.clock);
    this.resends = new TokenBucket(RESENT, options.clock);
    for (const kind of ['video', 'audio'] as const) {
      const lane = options.lanes[kind];
      if (lane !== undefined) {
        const history = { sentPackets: new Array(HISTORY_PACKETS), sentTimestamps: new Uint32Array(HISTORY_PACKETS) };
        this.lanes.set(kind, { ...lane, ...history, sequence: 0, packets: 0, payloadBytes: 0 });
      }
    }
  }

  get bytesOut(): number {
    return this.sent;
  }

  /** Begins, or begins anew, at the newest key frame; at most once a second. */
  restart(): void {
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - this.restartedAtMs < RESTART_MS) return;
    this.restartedAtMs = nowMs;
    this.clearQueue();
    const burst = this.options.burst();
    this.flowing = burst.length > 0;
    if (this.flowing) for (const unit of burst) this.put(unit);
    else this.options.onNeedsKeyframe();
  }

  take(unit: RtcUnit): void {
    if (unit.kind === 'video' && unit.isKeyframe) this.flowing = true;
    if (this.flowing) this.put(unit);
  }

  /** RTCP of the viewer; what makes no sense is left out. */
  receive(bytes: Uint8Array): void {
    for (const packet of readRtcp(bytes)) this.react(packet);
  }

  /** Tells the viewer where the timestamps lie on the clock. @param timestamps RTP timestamps of `at`, Unix ms */
  report(at: number, timestamps: Readonly<Partial<Record<RtcKind, number>>>): void {
    for (const [kind, { ssrc, packets, payloadBytes, send }] of this.lanes) {
      const rtpTimestamp = timestamps[kind];
      if (rtpTimestamp === undefined || packets === 0) continue;
      send(Buffer.from(buildSenderReport({ ssrc, sentAt: at, rtpTimestamp, packets, payloadBytes }, 'cardea')));
    }
  }

  [Symbol.dispose](): void {
    this.flowing = false;
    this.clearQueue();
  }

  private put(unit: RtcUnit): void {
    if (!this.lanes.has(unit.kind)) return;
    this.queue.push(unit);
    this.queuedPackets += unit.packets.length;
    if (this.queuedPackets > QUEUE_MAX_PACKETS) this.skip();
    else if (this.step === undefined) this.drain();
  }

  /** Sends what may go now, and the rest a little later. */
  private drain(): void {
    this.step = undefined;
    for (let unit = this.queue[0]; unit !== undefined; unit = this.queue[0]) {
      while (this.nextPacket < unit.packets.length) {
        if (this.pace.take() > 0) {
          this.step = this.options.clock.setTimer(STEP_MS, () => this.drain());
          return;
        }
        this.send(unit, this.nextPacket);
        this.nextPacket += 1;
        this.queuedPackets -= 1;
      }
      this.nextPacket = 0;
      this.queue.shift();
    }
  }

  private send({ kind, packets, timestamp }: RtcUnit, index: number): void {
    const lane = this.lanes.get(kind);
    const packet = packets[index];
    if (lane === undefined || packet === undefined) return;
    const place = lane.sequence % HISTORY_PACKETS;
    lane.sentPackets[place] = packet;
    lane.sentTimestamps[place] = timestamp;
    this.write(lane, lane.sequence, packet);
    lane.sequence = (lane.sequence + 1) & 0xffff;
    lane.packets += 1;
    lane.payloadBytes += packet.length - RTP_HEADER_BYTES;
  }

  private write(lane: LaneState, sequence: number, packet: Buffer): void {
    const timestamp = lane.sentTimestamps[sequence % HISTORY_PACKETS] ?? 0;
    packet[1] = ((packet[1] ?? 0) & 0x80) | lane.payloadType;
    packet.writeUInt16BE(sequence, 2);
    packet.writeUInt32BE(timestamp, 4);
    lane.send(packet);
    this.sent += packet.length;
    this.options.counters.bytesOut += packet.length;
  }

  private react(packet: RtcpPacket): void {
    if (packet.type === 'keyframeRequest') this.restart();
    if (packet.type === 'nack') this.resend(packet.mediaSsrc, packet.sequences);
    if (packet.type === 'receiverReport' && packet.reports.some(({ fractionLost }) => fractionLost > HEAVY_LOSS)) this.skip();
  }

  private resend(ssrc: number, sequences: readonly number[]): void {
    const lane = [...this.lanes.values()].find((candidate) => candidate.ssrc === ssrc);
    if (lane === undefined) return;
    for (const sequence of sequences) {
      const ago = (lane.sequence - sequence) & 0xffff;
      const sent = lane.sentPackets[sequence % HISTORY_PACKETS];
      if (sent !== undefined && ago > 0 && ago <= HISTORY_PACKETS && this.resends.take() === 0) this.write(lane, sequence, sent);
    }
  }

  private skip(): void {
    if (!this.flowing) return;
    this.flowing = false;
    this.clearQueue();
    this.options.counters.skips += 1;
  }

  private clearQueue(): void {
    this.step?.[Symbol.dispose]();
    this.step = undefined;
    this.queue.length = 0;
    this.queuedPackets = 0;
    this.nextPacket = 0;
  }
}

function readRtcp(bytes: Uint8Array): readonly RtcpPacket[] {
  try {
    return parseRtcp(bytes);
  } catch (error) {
    if (error instanceof MediaError) return [];
    throw error;
  }
}
