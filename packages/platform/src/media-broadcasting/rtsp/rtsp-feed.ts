import type { Clock, Random } from '@cardea/core';
import {
  type AccessUnit,
  buildBye,
  buildSenderReport,
  interleave,
  MediaError,
  parseRtpPacket,
  type RtpFormat,
  type RtpHeader,
  RtpPacketiser,
  rtpFormatOf,
  type Track,
} from '@cardea/media';
import type { BroadcastPart } from '../broadcast.ts';
import type { PushFormat, PushHead } from '../push-format.ts';
import { WallClockLine } from '../wall-clock-line.ts';

/** A track as viewers are told of it. */
export interface RtspTrack {
  readonly kind: 'video' | 'audio';
  /** Place among the tracks of the stream: its channels, its payload type and its address follow from it. */
  readonly index: number;
  readonly trackId: number;
  readonly format: RtpFormat;
}

/** The RTP of `packet` goes over an even channel, its RTCP over the next one. */
interface ChannelPacket {
  readonly channel: number;
  readonly packet: Uint8Array;
}

interface FirstUnit {
  readonly first: AccessUnit;
  readonly timescale: number;
  readonly isRunning: boolean;
}

interface Lane {
  readonly track: Track;
  readonly index: number;
  readonly packetiser: RtpPacketiser;
  packets: number;
  payloadBytes: number;
}

const FIRST_DYNAMIC_PAYLOAD_TYPE = 96;
const REPORT_EVERY_SEC = 5;
const RTP_HEADER_BYTES = 12;
const MAX_TRACKS = 8;

export function payloadTypeOf(index: number): number {
  return FIRST_DYNAMIC_PAYLOAD_TYPE + index;
}

/** The tracks that have a form in RTP; others are not offered. */
export function rtspTracksOf(tracks: readonly Track[]): readonly RtspTrack[] {
  return tracks.slice(0, MAX_TRACKS).flatMap((track, index) => {
    const format = unlessMalformed(() => rtpFormatOf(track));
    return format === undefined ? [] : [{ kind: track.kind, index, trackId: track.id, format }];
  });
}

/**
 * One broadcast as RTP, packetised once: all its viewers get the same packets, framed as they go between the messages of
 * an RTSP connection (RFC 2326, 10.12). Sequences go on when the publisher comes back.
 */
export class RtspFeed implements PushFormat, BroadcastPart {
  readonly name = 'rtsp';
  /** They are counted by the fan-out of this format. */
  readonly viewers = 0;
  private readonly line: WallClockLine;
  private readonly numbers: readonly { readonly ssrc: number; readonly sequence: number; readonly timestampOffset: number }[];
  private lanes = new Map<number, Lane>();
  /** A viewer that comes later gets the kept units in the packets that others got. */
  private packed = new WeakMap<AccessUnit, readonly ChannelPacket[]>();
  /** Of the timeline, for the newest unit. */
  private newestSec: number | undefined;
  /** Of the timeline, when reports were last made; `undefined` until a viewer of this head began. */
  private reportedSec: number | undefined;

  constructor({ clock, random }: { readonly clock: Clock; readonly random: Random }) {
    this.line = new WallClockLine(clock);
    this.numbers = Array.from({ length: MAX_TRACKS }, () => {
      const [ssrc = 0, timestampOffset = 0, sequence = 0] = new Uint32Array(random.bytes(12).slice().buffer);
      return { ssrc, timestampOffset, sequence };
    });
  }

  head(tracks: readonly Track[]): PushHead {
    const before = this.lanes;
    this.lanes = new Map(rtspTracksOf(tracks).map(({ index, trackId }) => [trackId, this.laneOf(tracks, { index, trackId, before })]));
    this.packed = new WeakMap();
    this.reportedSec = undefined;
    const firstReports = (): Uint8Array => this.firstReports();
    return {
      get opening() {
        return firstReports();
      },
      messages: [],
      fragment: (units) => [interleave(this.packetsOf(units))],
    };
  }

  ssrcOf(index: number): number {
    return this.numbers[index]?.ssrc ?? 0;
  }

  /**
   * The numbers of the packet in which `first`, the oldest kept unit of a track, reaches a viewer that begins now.
   * `isRunning`: others watch, so that its packet may be there already.
   */
  startOf({ index, format }: RtspTrack, { first, timescale, isRunning }: FirstUnit): Pick<RtpHeader, 'sequence' | 'timestamp'> {
    const [made] = isRunning ? (this.packed.get(first) ?? []) : [];
    if (made !== undefined) return parseRtpPacket(made.packet);
    const { sequence = 0, timestampOffset = 0 } = this.numbers[index] ?? {};
    const lane = this.lanes.get(first.trackId);
    const timestamp = (Math.round((first.pts * format.clockRate) / timescale) + timestampOffset) >>> 0;
    return { sequence: lane?.packetiser.nextSequence ?? sequence & 0xffff, timestamp };
  }

  /** The end of these tracks, for a viewer that is sent away (RFC 3550, 6.6). */
  farewell(tracks: readonly RtspTrack[]): Uint8Array {
    return interleave(tracks.map(({ index }) => ({ channel: 2 * index + 1, packet: buildBye(this.ssrcOf(index)) })));
  }

  [Symbol.dispose](): void {
    this.lanes.clear();
  }

  private laneOf(
    tracks: readonly Track[],
    { index, trackId, before }: { readonly index: number; readonly trackId: number; readonly before: ReadonlyMap<number, Lane> },
  ): Lane {
    const track = tracks[index];
    const numbers = this.numbers[index];
    if (track === undefined || numbers === undefined) throw new MediaError('INVALID_REQUEST', `no track ${trackId}`);
    const older = [...before.values()].find((lane) => lane.index === index);
    const sequence = older?.packetiser.nextSequence ?? numbers.sequence;
    const packetiser = new RtpPacketiser(track, { ...numbers, sequence, payloadType: payloadTypeOf(index) });
    return { track, index, packetiser, packets: older?.packets ?? 0, payloadBytes: older?.payloadBytes ?? 0 };
  }

  private packetsOf(units: readonly AccessUnit[]): readonly ChannelPacket[] {
    const reports = this.dueReports(units.filter((unit) => !this.packed.has(unit)));
    return [...reports, ...units.flatMap((unit) => this.packed.get(unit) ?? this.pack(unit))];
  }

  private pack(unit: AccessUnit): readonly ChannelPacket[] {
    const lane = this.lanes.get(unit.trackId);
    if (lane === undefined) return [];
    // A unit that is malformed is the publisher's fault and no viewer's: it is left out.
    const packets = unlessMalformed(() => lane.packetiser.packets(unit)) ?? [];
    lane.packets += packets.length;
    lane.payloadBytes += packets.reduce((sum, { length }) => sum + length - RTP_HEADER_BYTES, 0);
    const packed = packets.map((packet) => ({ channel: 2 * lane.index, packet }));
    this.packed.set(unit, packed);
    return packed;
  }

  /** What a viewer begins with; where nothing was sent yet, the first units bring it. */
  private firstReports(): Uint8Array {
    if (this.newestSec !== undefined) return interleave(this.reports(this.newestSec));
    this.reportedSec = Number.NEGATIVE_INFINITY;
    return new Uint8Array();
  }

  private dueReports(newUnits: readonly AccessUnit[]): readonly ChannelPacket[] {
    const times = newUnits.flatMap(({ dts, trackId }) => {
      const timescale = this.lanes.get(trackId)?.track.timescale;
      return timescale === undefined ? [] : [dts / timescale];
    });
    if (times.length === 0) return [];
    const newestSec = Math.max(this.newestSec ?? 0, ...times);
    this.newestSec = newestSec;
    this.reportedSec ??= newestSec;
    if (newestSec - this.reportedSec < REPORT_EVERY_SEC) return [];
    this.reportedSec = newestSec;
    this.line.follow(newestSec);
    return this.reports(newestSec);
  }

  private reports(newestSec: number): readonly ChannelPacket[] {
    this.line.begin(newestSec);
    const sentAt = this.line.instantOf(newestSec) ?? 0;
    return [...this.lanes.values()].map(({ track, index, packetiser, packets, payloadBytes }) => {
      const rtpTimestamp = packetiser.timestampAt(newestSec * track.timescale);
      const report = { ssrc: packetiser.ssrc, sentAt, rtpTimestamp, packets, payloadBytes };
      return { channel: 2 * index + 1, packet: buildSenderReport(report, 'cardea') };
    });
  }
}

function unlessMalformed<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof MediaError) return undefined;
    throw error;
  }
}
