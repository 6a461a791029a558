import { encodeG711, G711_SAMPLE_RATE, type G711Law } from '@cardea/media';
import { Downsampler } from './downsampler.ts';
import { SpeechFilter } from './speech-filter.ts';
import type { VoiceCoder, VoiceCoderOptions } from './voice-coder.ts';

/** 20 ms. */
const FRAME_SAMPLES = G711_SAMPLE_RATE / 50;
const FULL_SCALE = 32_767;

/** Codes speech as a telephone does. */
export class G711Coder implements VoiceCoder {
  private readonly law: G711Law;
  private readonly onFrame: VoiceCoderOptions['onFrame'];
  private readonly filter: SpeechFilter;
  private readonly downsampler: Downsampler;
  private samples: number[] = [];

  constructor(law: G711Law, { rate, onFrame }: Pick<VoiceCoderOptions, 'rate' | 'onFrame'>) {
    this.law = law;
    this.onFrame = onFrame;
    this.filter = new SpeechFilter(rate);
    this.downsampler = new Downsampler(rate, G711_SAMPLE_RATE);
  }

  push(sound: Float32Array): void {
    this.samples.push(...this.downsampler.push(this.filter.push(sound)));
    while (this.samples.length >= FRAME_SAMPLES) {
      const frame = Int16Array.from(this.samples.splice(0, FRAME_SAMPLES), (sample) => Math.max(-1, Math.min(1, sample)) * FULL_SCALE);
      this.onFrame(new Uint8Array(encodeG711(this.law, frame)));
    }
  }

  [Symbol.dispose](): void {}
}
