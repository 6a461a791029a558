import { type MotionReading, thresholdFor } from './motion-reading.ts';
import { contains, type Zone } from './zones.ts';

export interface PictureDifferenceOptions {
  /** Size of the gray pictures. */
  readonly width: number;
  readonly height: number;
  /** 1..10. */
  readonly sensitivity: number;
  readonly zones: readonly Zone[];
}

/** Part of an area that has to change. */
const SHARE = { dullest: 0.05, sharpest: 0.002 };
/** When nearly everything changes at once it is the light, or the camera that turned: what is seen is learnt anew. */
const ALL_CHANGED = 0.6;
/** A pixel changed when it is off by this much, or by so many of its usual deviations. */
const MIN_DIFFERENCE = 14;
const DEVIATIONS = 3;
const MAX_DEVIATION = 40;
/** How fast mean and deviation of a pixel follow, per picture. What changed becomes usual slowly, what sways soon. */
const FOLLOW = { still: 0.05, moving: 0.02 };
const FIRST_VARIANCE = 4;

/** An area that is judged on its own. */
interface Region {
  /** Absent: the picture as a whole. */
  readonly id?: string;
  readonly pixels: Int32Array;
  readonly threshold: number;
}

/**
 * Tells what moves in gray pictures: each pixel is held against its running average and its running deviation, so that
 * leaves in the wind become usual and a visitor does not.
 */
export class PictureDifference {
  private readonly regions: readonly Region[];
  private readonly sizePixels: number;
  private readonly changed: Uint8Array;
  private readonly variance: Float32Array;
  private mean: Float32Array | undefined;

  constructor(options: PictureDifferenceOptions) {
    this.sizePixels = options.width * options.height;
    this.changed = new Uint8Array(this.sizePixels);
    this.variance = new Float32Array(this.sizePixels).fill(FIRST_VARIANCE);
    this.regions = regionsOf(options);
  }

  /** Judges the next picture, one byte a pixel, rows from the top; the first one is only learnt. */
  judge(picture: Uint8Array): MotionReading {
    const { mean } = this;
    if (mean === undefined || picture.length !== this.sizePixels) {
      this.mean = Float32Array.from(picture);
      return { level: 0, zones: [] };
    }
    const changedPixels = this.compare(picture, mean);
    if (changedPixels > ALL_CHANGED * this.sizePixels) {
      mean.set(picture);
      return { level: 0, zones: [] };
    }
    const levels = this.regions.map((region) => ({ id: region.id, level: this.levelOf(region) }));
    return {
      level: levels.reduce((highest, { level }) => Math.max(highest, level), 0),
      zones: levels.flatMap(({ id, level }) => (id !== undefined && level >= 1 ? [id] : [])),
    };
  }

  /** Marks what changed, learns the picture, and returns how many pixels changed. */
  private compare(picture: Uint8Array, mean: Float32Array): number {
    const { changed, sizePixels, variance } = this;
    let count = 0;
    for (let pixel = 0; pixel < sizePixels; pixel += 1) {
      const difference = (picture[pixel] ?? 0) - (mean[pixel] ?? 0);
      const size = Math.abs(difference);
      const spread = variance[pixel] ?? FIRST_VARIANCE;
      const moved = size > MIN_DIFFERENCE && size > DEVIATIONS * Math.sqrt(spread);
      changed[pixel] = moved ? 1 : 0;
      if (moved) count += 1;
      const follow = moved ? FOLLOW.moving : FOLLOW.still;
      mean[pixel] = (mean[pixel] ?? 0) + follow * difference;
      variance[pixel] = spread + follow * (Math.min(size, MAX_DEVIATION) ** 2 - spread);
    }
    return count;
  }

  private levelOf({ pixels, threshold }: Region): number {
    let count = 0;
    for (const pixel of pixels) count += this.changed[pixel] ?? 0;
    return pixels.length === 0 ? 0 : count / pixels.length / threshold;
  }
}

function regionsOf({ width, height, sensitivity, zones }: PictureDifferenceOptions): readonly Region[] {
  const ignored = zones.filter(({ use }) => use === 'ignore');
  const watched = zones.filter(({ use }) => use === 'motion');
  const pixelsWhere = (inside: (point: { x: number; y: number }) => boolean): Int32Array => {
    const pixels: number[] = [];
    for (let pixel = 0; pixel < width * height; pixel += 1) {
      const point = { x: ((pixel % width) + 0.5) / width, y: (Math.floor(pixel / width) + 0.5) / height };
      if (inside(point) && !ignored.some(({ vertices }) => contains(vertices, point))) pixels.push(pixel);
    }
    return Int32Array.from(pixels);
  };
  if (watched.length === 0) return [{ pixels: pixelsWhere(() => true), threshold: thresholdFor(sensitivity, SHARE) }];
  return watched.map(({ id, vertices, sensitivity: own = sensitivity }) => ({
    id,
    pixels: pixelsWhere((point) => contains(vertices, point)),
    threshold: thresholdFor(own, SHARE),
  }));
}
