import type { AccessUnit } from '@cardea/media';
import type { MediaReceiver, MediaRun } from '../camera.ts';
import { type MotionReading, thresholdFor } from './motion-reading.ts';

export interface FrameSizeSensorOptions {
  /** 1..10. */
  readonly sensitivity: number;
  readonly onReading: (reading: MotionReading) => void;
}

/** How much larger pictures are while something moves. */
const RATIO = { dullest: 4, sharpest: 1.25 };
/** Pictures are judged by the mean of so much time. */
const WINDOW_SEC = 0.5;
/** An encoder that starts spends its bits freely; what is usual is known after this. */
const WARM_UP_SEC = 4;
/** How fast the estimate follows, per window: slowly towards what looks like motion, so that a lasting change becomes usual. */
const FOLLOW = { still: 0.1, moving: 0.02 };

/**
 * Senses motion without decoding: pictures between key frames say what changed, so they grow when something moves. It
 * cannot tell where, and sees little where the encoder keeps the bit rate constant at any price.
 */
export class FrameSizeSensor implements MediaReceiver {
  private readonly options: FrameSizeSensorOptions;
  private readonly threshold: number;
  private videoTrackId: number | undefined;
  private timescale = 1;
  private startDts: number | undefined;
  private usualBytes = 0;
  private windowEndDts = 0;
  private windowBytes = 0;
  private windowPictures = 0;

  constructor(options: FrameSizeSensorOptions) {
    this.options = options;
    this.threshold = thresholdFor(options.sensitivity, RATIO);
  }

  begin({ tracks }: MediaRun): void {
    const video = tracks.find((track) => track.kind === 'video');
    this.videoTrackId = video?.id;
    this.timescale = video?.timescale ?? 1;
    this.startDts = undefined;
  }

  unit(unit: AccessUnit): void {
    if (unit.trackId !== this.videoTrackId) return;
    if (this.startDts === undefined) {
      this.startDts = unit.dts;
      this.openWindow(unit.dts);
    }
    if (unit.dts >= this.windowEndDts) {
      this.closeWindow(unit.dts - this.startDts);
      this.openWindow(unit.dts);
    }
    if (unit.keyframe) return;
    this.windowBytes += unit.data.length;
    this.windowPictures += 1;
  }

  private openWindow(dts: number): void {
    this.windowEndDts = dts + WINDOW_SEC * this.timescale;
    this.windowBytes = 0;
    this.windowPictures = 0;
  }

  private closeWindow(age: number): void {
    if (this.windowPictures === 0) return;
    const meanBytes = this.windowBytes / this.windowPictures;
    const warm = this.usualBytes > 0 && age >= WARM_UP_SEC * this.timescale;
    const ratio = this.usualBytes === 0 ? 1 : meanBytes / this.usualBytes;
    const level = (ratio - 1) / (this.threshold - 1);
    const follow = warm && level >= 1 ? FOLLOW.moving : FOLLOW.still;
    // Before it is warm the newest counts most: an encoder settles from large to small.
    this.usualBytes = warm ? this.usualBytes + follow * (meanBytes - this.usualBytes) : meanBytes;
    if (warm) this.options.onReading({ level: Math.max(0, level), zones: [] });
  }
}
