import { encodeG711, G711_SAMPLE_RATE, type G711Law } from '@cardea/media';
import { Downsampler } from './downsampler.ts';

/** 20 ms. */
const FRAME_SAMPLES = G711_SAMPLE_RATE / 50;
const FULL_SCALE = 32_767;

/** Makes coded frames of 20 ms out of the sound of a microphone. */
export class VoiceCoder {
  private readonly law: G711Law;
  private readonly downsampler: Downsampler;
  private samples: number[] = [];

  /** @param rate samples per second of what comes in */
  constructor(law: G711Law, rate: number) {
    this.law = law;
    this.downsampler = new Downsampler(rate, G711_SAMPLE_RATE);
  }

  /** The frames that the samples, from -1 to 1, complete. */
  push(sound: Float32Array): readonly Uint8Array<ArrayBuffer>[] {
    this.samples.push(...this.downsampler.push(sound));
    const frames: Uint8Array<ArrayBuffer>[] = [];
    while (this.samples.length >= FRAME_SAMPLES) {
      const frame = Int16Array.from(this.samples.splice(0, FRAME_SAMPLES), (sample) => Math.max(-1, Math.min(1, sample)) * FULL_SCALE);
      frames.push(new Uint8Array(encodeG711(this.law, frame)));
    }
    return frames;
  }
}
