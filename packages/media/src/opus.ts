import type { AudioTrack } from './access-unit.ts';
import { ByteCursor } from './byte-cursor.ts';
import { malformed } from './media-error.ts';

/** Opus always decodes to this rate (RFC 7845, section 5.1). */
export const opusSampleRate = 48_000;

/** Builds the dOps body for one or two channels in the usual layout (Opus in ISOBMFF, 4.3.2). `preSkip` in 48 kHz samples. */
export function buildOpusConfig(channels: 1 | 2, preSkip = 312, inputSampleRate = opusSampleRate): Uint8Array {
  const config = new Uint8Array(11);
  const view = new DataView(config.buffer);
  view.setUint8(1, channels);
  view.setUint16(2, preSkip);
  view.setUint32(4, inputSampleRate);
  return config;
}

/** The track a dOps body describes. @throws MediaError OBJECT_MISMATCH */
export function opusTrack(id: number, timescale: number, config: Uint8Array): AudioTrack {
  const cursor = new ByteCursor(config);
  if (cursor.u8() !== 0) throw malformed('dOps has an unknown version');
  const channels = cursor.u8();
  if (config.length < 11 || channels === 0) throw malformed('dOps is cut short or has no channel');
  return { kind: 'audio', id, timescale, codec: 'opus', codecString: 'opus', config, sampleRate: opusSampleRate, channels };
}

const OPUS_HEAD_BYTES = 19;
const opusMagic = Uint8Array.from('OpusHead', (letter) => letter.charCodeAt(0));

/** The identification header of RFC 7845 5.1 that says what a dOps body says. */
export function opusHeadOf(config: Uint8Array): Uint8Array {
  const cursor = new ByteCursor(config, 1);
  const head = new Uint8Array(OPUS_HEAD_BYTES + Math.max(0, config.length - 11));
  const view = new DataView(head.buffer);
  head.set(opusMagic);
  view.setUint8(8, 1);
  view.setUint8(9, cursor.u8());
  view.setUint16(10, cursor.u16(), true);
  view.setUint32(12, cursor.u32(), true);
  view.setUint16(16, cursor.u16(), true);
  head.set(cursor.take(cursor.left), 18);
  return head;
}

/** The dOps body that says what an identification header of RFC 7845 5.1 says. @throws MediaError OBJECT_MISMATCH */
export function opusConfigOf(head: Uint8Array): Uint8Array {
  if (head.length < OPUS_HEAD_BYTES || opusMagic.some((byte, index) => head[index] !== byte)) throw malformed('this is no OpusHead');
  const from = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const config = new Uint8Array(head.length - 8);
  const view = new DataView(config.buffer);
  view.setUint8(1, from.getUint8(9));
  view.setUint16(2, from.getUint16(10, true));
  view.setUint32(4, from.getUint32(12, true));
  view.setUint16(8, from.getUint16(16, true));
  config.set(head.subarray(18), 10);
  return config;
}

/** Samples at 48 kHz of one frame by its configuration number (RFC 6716, table 2). */
const silkSamples: readonly number[] = [480, 960, 1_920, 2_880];
const hybridSamples: readonly number[] = [480, 960];
const celtSamples: readonly number[] = [120, 240, 480, 960];

/** How long a packet sounds, in samples at 48 kHz (RFC 6716 3.1); 0 for an empty one. */
export function opusPacketSamples(packet: Uint8Array): number {
  const [first, second = 0] = packet;
  if (first === undefined) return 0;
  const configuration = first >> 3;
  const samples =
    configuration < 12
      ? silkSamples[configuration & 3]
      : configuration < 16
        ? hybridSamples[configuration & 1]
        : celtSamples[configuration & 3];
  const frames = [1, 2, 2, second & 0x3f][first & 3];
  return (samples ?? 0) * (frames ?? 0);
}
