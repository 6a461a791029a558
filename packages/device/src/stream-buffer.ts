import type { AccessUnit } from '@cardea/media';
import type { MediaRun } from './camera.ts';

/** Beyond this the oldest pictures give way, whatever pre-roll was asked for. */
const MAX_BYTES = 32 * 1024 * 1024;

/** A key frame and everything up to the next one. */
export interface PictureGroup {
  readonly startMonotonicMs: number;
  readonly units: AccessUnit[];
  sizeBytes: number;
}

/** The newest groups of pictures of one run: always the current one, older ones as far as a pre-roll wants them. */
export class StreamBuffer {
  private readonly run: MediaRun;
  private readonly videoTrackId: number | undefined;
  private readonly groups: PictureGroup[] = [];
  private sizeBytes = 0;

  constructor(run: MediaRun) {
    this.run = run;
    this.videoTrackId = run.tracks.find((track) => track.kind === 'video')?.id;
  }

  add(unit: AccessUnit, preRollMs: number): void {
    if (unit.keyframe && unit.trackId === this.videoTrackId) {
      const startMonotonicMs = this.monotonicMsOf(unit);
      this.groups.push({ startMonotonicMs, units: [], sizeBytes: 0 });
      this.forget(startMonotonicMs - preRollMs);
    }
    const current = this.groups.at(-1);
    // Before its first key frame a run cannot be decoded.
    if (current === undefined) return;
    current.units.push(unit);
    current.sizeBytes += unit.data.length;
    this.sizeBytes += unit.data.length;
    while (this.sizeBytes > MAX_BYTES) this.dropOldest();
  }

  /** Groups from the one that was running at `monotonicMs` on; from the oldest when it was before that; `Infinity` gives the newest. */
  since(monotonicMs: number): readonly PictureGroup[] {
    const first = this.groups.findLastIndex((group) => group.startMonotonicMs <= monotonicMs);
    return this.groups.slice(Math.max(0, first));
  }

  private forget(beforeMonotonicMs: number): void {
    for (let next = this.groups[1]; next !== undefined && next.startMonotonicMs <= beforeMonotonicMs; next = this.groups[1])
      this.dropOldest();
  }

  private dropOldest(): void {
    this.sizeBytes -= this.groups.shift()?.sizeBytes ?? 0;
  }

  private monotonicMsOf(unit: AccessUnit): number {
    const timescale = this.run.tracks.find((track) => track.id === unit.trackId)?.timescale ?? 1;
    return this.run.startMonotonicMs + (unit.dts / timescale) * 1_000;
  }
}
