import { G711Coder } from './g711-coder.ts';
import { OpusCoder, opusIsCodedAt } from './opus-coder.ts';

/** How a voice can be coded, best first. */
export const voiceCodecs = ['opus', 'g711u', 'g711a'] as const;
export type VoiceCodec = (typeof voiceCodecs)[number];

/** Makes coded frames of 20 ms out of the sound of a microphone. */
export interface VoiceCoder extends Disposable {
  /** Takes samples from -1 to 1. */
  push(sound: Float32Array): void;
}

export interface VoiceCoderOptions {
  /** Samples per second of what comes in. */
  readonly rate: number;
  /** Called with each frame that is ready, in order, also some time after its sound. */
  readonly onFrame: (frame: Uint8Array<ArrayBuffer>) => void;
  /** Nothing more comes. */
  readonly onFailed: (error: Error) => void;
}

/** What this browser can make of sound with `rate` samples per second, best first. */
export async function codecsAt(rate: number): Promise<VoiceCodec[]> {
  const hasOpus = await opusIsCodedAt(rate);
  return voiceCodecs.filter((codec) => hasOpus || codec !== 'opus');
}

export function openVoiceCoder(codec: VoiceCodec, options: VoiceCoderOptions): VoiceCoder {
  return codec === 'opus' ? new OpusCoder(options) : new G711Coder(codec, options);
}
