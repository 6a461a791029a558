/** Takes sound at one rate and gives it at a lower one: each sample is the mean of those it stands for. */
export class Downsampler {
  private readonly ratio: number;
  private sum = 0;
  /** How much of the sample that is being made has come, in samples of the source. */
  private filled = 0;

  /** Rates in samples per second; `toRate` is not above `fromRate`. */
  constructor(fromRate: number, toRate: number) {
    this.ratio = fromRate / toRate;
  }

  /** What the samples complete. A sample that lies across a border counts on both sides, by its share. */
  push(samples: Float32Array): number[] {
    const made: number[] = [];
    for (const sample of samples) {
      const missing = this.ratio - this.filled;
      if (missing > 1) {
        this.sum += sample;
        this.filled += 1;
        continue;
      }
      made.push((this.sum + sample * missing) / this.ratio);
      this.filled = 1 - missing;
      this.sum = sample * this.filled;
    }
    return made;
  }
}
