/** Speech has nothing above that matters on a telephone line, and what is above would come back as noise. */
const SPEECH_MAX_HZ = 3_400;
/** Two sections in a row make a steep filter (Butterworth of the fourth order). */
const QUALITIES = [0.5412, 1.3066];

/** Takes what is higher than a telephone line carries out of sound. */
export class SpeechFilter {
  private readonly sections: readonly LowPass[];

  /** @param rate samples per second of what comes in */
  constructor(rate: number) {
    this.sections = QUALITIES.map((quality) => new LowPass(SPEECH_MAX_HZ / rate, quality));
  }

  push(sound: Float32Array): Float32Array {
    return sound.map((sample) => this.sections.reduce((value, section) => section.next(value), sample));
  }
}

/** A section of the second order. @see Audio EQ Cookbook (W3C Note), low-pass filter */
class LowPass {
  private readonly gain: number;
  private readonly a1: number;
  private readonly a2: number;
  private x1 = 0;
  private x2 = 0;
  private y1 = 0;
  private y2 = 0;

  /** @param frequency of the corner, as a part of the sample rate */
  constructor(frequency: number, quality: number) {
    const angle = 2 * Math.PI * frequency;
    const alpha = Math.sin(angle) / (2 * quality);
    this.gain = (1 - Math.cos(angle)) / 2 / (1 + alpha);
    this.a1 = (-2 * Math.cos(angle)) / (1 + alpha);
    this.a2 = (1 - alpha) / (1 + alpha);
  }

  next(x: number): number {
    const y = this.gain * (x + 2 * this.x1 + this.x2) - this.a1 * this.y1 - this.a2 * this.y2;
    this.x2 = this.x1;
    this.x1 = x;
    this.y2 = this.y1;
    this.y1 = y;
    return y;
  }
}
