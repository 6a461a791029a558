import { AppError } from '@cardea/core';
import type { AudioCodec, ChannelCapability } from '@cardea/protocol';

/** How what is said is coded: one channel of sound, in frames of 20 ms. */
export interface TalkFormat {
  readonly codec: AudioCodec;
  readonly sampleRate: number;
}

/** What Opus is coded at (RFC 6716 2), best first; any decoder takes all of them. */
const opusRates = [48_000, 24_000, 16_000, 12_000, 8_000];
const G711_RATE = 8_000;

/**
 * The formats both ends say they know, in the order of `speakable`; at least one. A device announces codecs of microphone
 * and loudspeaker in one list, so it may still refuse the first.
 * @throws AppError NOT_SUPPORTED without a loudspeaker, CODEC_UNSUPPORTED when nothing fits
 */
export function talkFormats({ audio }: ChannelCapability, speakable: readonly AudioCodec[]): readonly TalkFormat[] {
  if (audio === undefined || audio.talk === 'none') throw new AppError('NOT_SUPPORTED');
  const { codecs, sampleRates } = audio;
  const formats = speakable.filter((codec) => codecs.includes(codec)).map((codec) => ({ codec, sampleRate: rateOf(codec, sampleRates) }));
  if (formats.length === 0) throw new AppError('CODEC_UNSUPPORTED', { codecs });
  return formats;
}

function rateOf(codec: AudioCodec, announced: readonly number[]): number {
  if (codec === 'opus') return opusRates.find((rate) => announced.includes(rate)) ?? 48_000;
  return codec === 'aac' ? (announced[0] ?? 48_000) : G711_RATE;
}
