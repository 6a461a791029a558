import { Type } from 'typebox';
import { defineFrame } from '../message.ts';
import { AudioFormat } from '../model/media-format.ts';

/** First text frame of carrier `wss-audio`, on which the device fetches the voice of a user. */
export const startTalkAudio = defineFrame({
  type: 'start',
  sender: 'platform',
  description: 'Says which sound follows on carrier wss-audio; then binary frames, each a sequence number and one coded frame of 20 ms.',
  provenance: { clause: '9.3.3.2.1', item: 'extension', status: 'project-choice' },
  frame: Type.Object({ type: Type.Literal('start'), ...AudioFormat.properties }),
  examples: [{ title: 'Opus', frame: { type: 'start', codec: 'opus', sampleRate: 48_000, channels: 1 } }],
});

/** One binary frame of carrier `wss-audio`. */
export interface AudioFrame {
  /** Counts the frames of the session, modulo 2^32. */
  readonly seq: number;
  /** One coded frame of 20 ms. */
  readonly payload: Uint8Array;
}

const HEADER_BYTES = 4;

/** Bytes on the wire: u32 big-endian `seq`, then the coded frame. */
export function encodeAudioFrame(frame: AudioFrame): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + frame.payload.byteLength);
  new DataView(bytes.buffer).setUint32(0, frame.seq);
  bytes.set(frame.payload, HEADER_BYTES);
  return bytes;
}

/** The frame in `bytes`, or `undefined` when they hold none. `payload` is a view of `bytes`, not a copy. */
export function decodeAudioFrame(bytes: Uint8Array): AudioFrame | undefined {
  if (bytes.byteLength <= HEADER_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  return { seq: view.getUint32(0), payload: bytes.subarray(HEADER_BYTES) };
}
