import { ByteCursor } from '../byte-cursor.ts';
import { malformed } from '../media-error.ts';

/** What a receiver says about one source (RFC 3550, 6.4.1). */
export interface ReceptionReport {
  readonly ssrc: number;
  /** Of the packets since the last report, 0 to 1. */
  readonly fractionLost: number;
  /** Since the beginning; below 0 where copies came. */
  readonly packetsLost: number;
  /** The low 16 bits are the sequence, above them its cycles. */
  readonly highestSequence: number;
  /** Ticks of the source's clock. */
  readonly jitter: number;
}

export interface SenderReport {
  readonly type: 'senderReport';
  readonly ssrc: number;
  /** Unix milliseconds at which the media of `rtpTimestamp` was. */
  readonly sentAt: number;
  readonly rtpTimestamp: number;
  /** Since the beginning, modulo 2^32. */
  readonly packets: number;
  readonly payloadBytes: number;
  readonly reports: readonly ReceptionReport[];
}

/** The packets of RTCP that mean something here; others are read past. */
export type RtcpPacket =
  | SenderReport
  | { readonly type: 'receiverReport'; readonly ssrc: number; readonly reports: readonly ReceptionReport[] }
  | { readonly type: 'bye'; readonly ssrcs: readonly number[] }
  /** RFC 4585 6.2.1: packets to be sent again. */
  | { readonly type: 'nack'; readonly mediaSsrc: number; readonly sequences: readonly number[] }
  /** RFC 4585 6.3.1 (PLI) or RFC 5104 4.3.1 (FIR). */
  | { readonly type: 'keyframeRequest'; readonly mediaSsrc: number };

const headerBytes = 4;
const reportBytes = 24;
const [senderReport, receiverReport, sourceDescription, bye, transportFeedback, payloadFeedback] = [200, 201, 202, 203, 205, 206];
/** Seconds from 1900 to 1970. */
const ntpEpochSec = 2_208_988_800;

/** Reads a compound packet (RFC 3550, 6.1). @throws MediaError OBJECT_MISMATCH */
export function parseRtcp(bytes: Uint8Array): readonly RtcpPacket[] {
  const cursor = new ByteCursor(bytes);
  const packets: RtcpPacket[] = [];
  while (cursor.left > 0) {
    const first = cursor.u8();
    if (first >> 6 !== 2) throw malformed('not an RTCP packet of version 2');
    const type = cursor.u8();
    const body = withoutPadding(cursor.take(cursor.u16() * 4), { isPadded: (first & 0x20) !== 0 });
    const packet = readPacket(body, { type, count: first & 0x1f });
    if (packet !== undefined) packets.push(packet);
  }
  return packets;
}

function withoutPadding(body: Uint8Array, { isPadded }: { readonly isPadded: boolean }): ByteCursor {
  const padding = isPadded ? (body[body.length - 1] ?? 0) : 0;
  if (padding > body.length) throw malformed('RTCP padding does not fit its packet');
  return new ByteCursor(body, 0, body.length - padding);
}

function readPacket(body: ByteCursor, { type, count }: { readonly type: number; readonly count: number }): RtcpPacket | undefined {
  switch (type) {
    case senderReport:
      return readSenderReport(body, count);
    case receiverReport:
      return { type: 'receiverReport', ssrc: body.u32(), reports: readReports(body, count) };
    case bye:
      return { type: 'bye', ssrcs: Array.from({ length: body.count(count, 4) }, () => body.u32()) };
    case transportFeedback:
      return count === 1 ? readNack(body) : undefined;
    case payloadFeedback:
      return readKeyframeRequest(body, count);
    default:
      return undefined;
  }
}

function readSenderReport(body: ByteCursor, count: number): SenderReport {
  const ssrc = body.u32();
  const seconds = body.u32();
  const sentAt = (seconds - ntpEpochSec) * 1_000 + Math.round((body.u32() / 0x1_0000_0000) * 1_000);
  const [rtpTimestamp, packets, payloadBytes] = [body.u32(), body.u32(), body.u32()];
  return { type: 'senderReport', ssrc, sentAt, rtpTimestamp, packets, payloadBytes, reports: readReports(body, count) };
}

function readReports(body: ByteCursor, count: number): readonly ReceptionReport[] {
  return Array.from({ length: body.count(count, reportBytes) }, () => {
    const ssrc = body.u32();
    const lost = body.u32();
    const report = {
      ssrc,
      fractionLost: (lost >>> 24) / 256,
      packetsLost: (lost << 8) >> 8,
      highestSequence: body.u32(),
      jitter: body.u32(),
    };
    body.skip(8);
    return report;
  });
}

function readNack(body: ByteCursor): RtcpPacket {
  body.skip(4);
  const mediaSsrc = body.u32();
  const sequences: number[] = [];
  while (body.left >= 4) {
    const first = body.u16();
    const following = body.u16();
    sequences.push(first);
    for (let bit = 0; bit < 16; bit += 1) if ((following >> bit) & 1) sequences.push((first + bit + 1) & 0xffff);
  }
  return { type: 'nack', mediaSsrc, sequences };
}

function readKeyframeRequest(body: ByteCursor, format: number): RtcpPacket | undefined {
  const [pictureLoss, fullIntraRequest] = [1, 4];
  if (format !== pictureLoss && format !== fullIntraRequest) return undefined;
  body.skip(4);
  const mediaSsrc = body.u32();
  // FIR names its source in each entry and leaves the field of the header at 0.
  return { type: 'keyframeRequest', mediaSsrc: format === fullIntraRequest ? body.u32() : mediaSsrc };
}

/** A sender report with the name of its source, as a compound packet must have it (RFC 3550, 6.1). `cname`: up to 255 ASCII characters. */
export function buildSenderReport(report: Omit<SenderReport, 'type' | 'reports'>, cname: string): Uint8Array {
  const ntp = report.sentAt / 1_000 + ntpEpochSec;
  const fraction = Math.floor((ntp % 1) * 0x1_0000_0000);
  const fields = [report.ssrc, Math.floor(ntp), fraction, report.rtpTimestamp, report.packets, report.payloadBytes];
  return Uint8Array.from([...packet(senderReport, 0, fields.flatMap(bytesOf32)), ...namePacket(report.ssrc, cname)]);
}

/** A receiver report (RFC 3550, 6.4.2) with the name of who reports, `ssrc`. At most 31 reports. */
export function buildReceiverReport(ssrc: number, reports: readonly ReceptionReport[], cname: string): Uint8Array {
  const blocks = reports.flatMap(({ ssrc: source, fractionLost, packetsLost, highestSequence, jitter }) => {
    const lost = (Math.min(255, Math.round(fractionLost * 256)) << 24) | (packetsLost & 0xff_ffff);
    return [source, lost, highestSequence, jitter, 0, 0].flatMap(bytesOf32);
  });
  return Uint8Array.from([...packet(receiverReport, reports.length, [...bytesOf32(ssrc), ...blocks]), ...namePacket(ssrc, cname)]);
}

/** RFC 3550, 6.6. */
export function buildBye(ssrc: number): Uint8Array {
  return Uint8Array.from(packet(bye, 1, bytesOf32(ssrc)));
}

/** Asks the sender of `mediaSsrc` for a key frame (PLI; RFC 4585, 6.3.1). */
export function buildKeyframeRequest(ssrc: number, mediaSsrc: number): Uint8Array {
  return Uint8Array.from(packet(payloadFeedback, 1, [ssrc, mediaSsrc].flatMap(bytesOf32)));
}

function namePacket(ssrc: number, cname: string): readonly number[] {
  const name = Array.from(cname, (character) => character.charCodeAt(0) & 0x7f).slice(0, 255);
  const items = [1, name.length, ...name, 0];
  while (items.length % 4 !== 0) items.push(0);
  return packet(sourceDescription, 1, [...bytesOf32(ssrc), ...items]);
}

function packet(type: number, count: number, body: readonly number[]): readonly number[] {
  const words = (headerBytes + body.length) / 4 - 1;
  return [0x80 | count, type, words >> 8, words & 0xff, ...body];
}

function bytesOf32(value: number): readonly number[] {
  const word = value >>> 0;
  return [word >>> 24, (word >> 16) & 0xff, (word >> 8) & 0xff, word & 0xff];
}
