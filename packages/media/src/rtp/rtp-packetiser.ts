import type { AccessUnit, Track } from '../access-unit.ts';
import { rtpFormatOf } from './rtp-format.ts';
import { buildRtpPacket, rtpHeaderBytes } from './rtp-packet.ts';
import { type PayloadFormat, payloadFormatOf } from './rtp-payload.ts';

export interface RtpPacketiserOptions {
  /** 0 to 127. */
  readonly payloadType: number;
  readonly ssrc: number;
  /** Of the first packet. */
  readonly sequence?: number;
  /** RTP timestamp of tick 0 of the track. */
  readonly timestampOffset?: number;
  /** Header included; the default leaves room for SRTP and UDP over IPv6 in any usual path. */
  readonly maxPacketBytes?: number;
}

const defaultMaxPacketBytes = 1_200;

/** Makes the RTP packets of one track, once for all who receive it: {@link readdressRtpPacket} gives a receiver numbers of its own. */
export class RtpPacketiser {
  readonly clockRate: number;
  readonly ssrc: number;
  readonly #track: Track;
  readonly #format: PayloadFormat;
  readonly #payloadType: number;
  readonly #timestampOffset: number;
  readonly #maxPayloadBytes: number;
  #sequence: number;

  /** @throws MediaError CODEC_UNSUPPORTED | OBJECT_MISMATCH */
  constructor(
    track: Track,
    { payloadType, ssrc, sequence = 0, timestampOffset = 0, maxPacketBytes = defaultMaxPacketBytes }: RtpPacketiserOptions,
  ) {
    this.#track = track;
    this.#format = payloadFormatOf(track);
    this.clockRate = rtpFormatOf(track).clockRate;
    this.ssrc = ssrc;
    this.#payloadType = payloadType;
    this.#sequence = sequence & 0xffff;
    this.#timestampOffset = timestampOffset;
    this.#maxPayloadBytes = maxPacketBytes - rtpHeaderBytes;
  }

  /** Sequence number of the next packet. */
  get nextSequence(): number {
    return this.#sequence;
  }

  /** RTP timestamp of a time of the track in ticks. */
  timestampAt(pts: number): number {
    return (Math.round((pts * this.clockRate) / this.#track.timescale) + this.#timestampOffset) >>> 0;
  }

  /** The packets of one access unit in sending order. @throws MediaError OBJECT_MISMATCH when its data is malformed; nothing is used up */
  packets(unit: AccessUnit): readonly Uint8Array[] {
    const timestamp = this.timestampAt(unit.pts);
    return this.#format(unit, this.#maxPayloadBytes).map(({ parts, marker, delay = 0 }) => {
      const header = { marker, payloadType: this.#payloadType, sequence: this.#sequence, timestamp: timestamp + delay, ssrc: this.ssrc };
      this.#sequence = (this.#sequence + 1) & 0xffff;
      return buildRtpPacket(header, parts);
    });
  }
}
