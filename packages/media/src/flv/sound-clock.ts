/** Timestamps in milliseconds are off by up to one; a frame of sound is 20 ms. Beyond this the source means it. */
const TOLERANCE_MS = 8;
const MS_PER_SEC = 1_000;

/** Turns times in milliseconds into whole samples without the gaps and overlaps that rounding makes. */
export class SoundClock {
  private readonly sampleRate: number;
  private nextSample: number | undefined;

  constructor(sampleRate: number) {
    this.sampleRate = sampleRate;
  }

  /** The first sample of a unit of `samples` that is said to begin at `atMs`. */
  place(atMs: number, samples: number): number {
    const said = Math.round((atMs * this.sampleRate) / MS_PER_SEC);
    const toleranceSamples = (TOLERANCE_MS * this.sampleRate) / MS_PER_SEC;
    const follows = this.nextSample !== undefined && Math.abs(said - this.nextSample) <= toleranceSamples;
    const at = follows && this.nextSample !== undefined ? this.nextSample : said;
    this.nextSample = at + samples;
    return at;
  }
}
