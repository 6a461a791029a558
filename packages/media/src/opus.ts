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
