/** Beyond this no decoder reorders pictures (H.264 A.3.1, H.265 A.4). */
export const maxReorderDepth = 16;

/**
 * Decode times for pictures whose senders tell only when they are shown, in order of decoding (RTP). A picture that is shown
 * after pictures behind it takes the place of an earlier time: the decode times are the presentation times in rising order,
 * late by as many pictures as the sender reorders.
 */
export class DecodeTimes {
  readonly #depth: number;
  /** Times that no picture took yet, rising; `depth` of them. */
  #free: number[] = [];
  #last = Number.NEGATIVE_INFINITY;

  /** `depth`: how many pictures at most are decoded before one that is shown before them. */
  constructor(depth: number) {
    this.#depth = depth;
  }

  /**
   * The decode time of the picture shown at `pts`; those before the first picture of all count back from it by `step`.
   * `undefined` when the sender reorders by more than `depth`.
   */
  next(pts: number, step: number): number | undefined {
    if (this.#last === Number.NEGATIVE_INFINITY)
      this.#free = Array.from({ length: this.#depth }, (_, index) => pts - (this.#depth - index) * step);
    const at = this.#free.findLastIndex((time) => time <= pts) + 1;
    this.#free.splice(at, 0, pts);
    const dts = this.#free.shift() ?? pts;
    if (dts <= this.#last) return undefined;
    this.#last = dts;
    return dts;
  }
}
