import { type AmfValue, decodeAmf0, encodeAmf0 } from '../flv/amf0.ts';
import { malformed } from '../media-error.ts';

/** Types of messages (RTMP 1.0, 5.4, 6.2 and 7.1). Those of media are in `flvType`. */
export const rtmpType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowSize: 5,
  peerBandwidth: 6,
  dataAmf3: 15,
  commandAmf3: 17,
  command: 20,
} as const;

export const userControl = { streamBegin: 0, pingRequest: 6, pingResponse: 7 } as const;

/** One message of an RTMP connection, put together from its chunks. */
export interface RtmpMessage {
  readonly type: number;
  /** 0 is the connection itself. */
  readonly streamId: number;
  /** Modulo 2^32. */
  readonly timestampMs: number;
  readonly data: Uint8Array;
}

/** `connect`, `publish`, `_result`, `onStatus` and the like (7.2). */
export interface RtmpCommand {
  readonly name: string;
  /** Names the answer; 0 when none is expected. */
  readonly transactionId: number;
  /** Command object and arguments. */
  readonly values: readonly AmfValue[];
}

/** @throws MediaError OBJECT_MISMATCH when it is no command */
export function parseRtmpCommand({ type, data }: RtmpMessage): RtmpCommand {
  // A command in AMF 3 begins with one byte that says its values are AMF 0 after all.
  const [name, transactionId, ...values] = decodeAmf0(type === rtmpType.commandAmf3 ? data.subarray(1) : data);
  if (typeof name !== 'string') throw malformed('a command without a name');
  return { name, transactionId: typeof transactionId === 'number' ? transactionId : 0, values };
}

export function rtmpCommand({ name, transactionId, values }: RtmpCommand, streamId = 0): RtmpMessage {
  return { type: rtmpType.command, streamId, timestampMs: 0, data: encodeAmf0([name, transactionId, ...values]) };
}

/** A protocol control message that holds one number of 32 bits. */
export function rtmpControl(type: number, value: number, ...rest: readonly number[]): RtmpMessage {
  return { type, streamId: 0, timestampMs: 0, data: Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value, ...rest) };
}

export function rtmpUserControl(event: number, value: number): RtmpMessage {
  const data = Uint8Array.of(event >> 8, event, value >>> 24, value >>> 16, value >>> 8, value);
  return { type: rtmpType.userControl, streamId: 0, timestampMs: 0, data };
}
