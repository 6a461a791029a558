import { vmTimers } from '@cardea/protocol';

/** How far the network is behind, in media time, from what was handed to it and what it has not taken yet. */
export class SendQueue {
  private readonly marks: { readonly endByte: number; readonly timeMs: number }[] = [];
  private sentBytes = 0;
  private lastMs = 0;
  // Nothing can be decoded before the first key frame.
  private skipping = true;
  private skipped = 0;

  /** Pictures left out so far. */
  get skippedCount(): number {
    return this.skipped;
  }

  /**
   * Whether a picture may be sent now. When more than 2 s wait, pictures are left out up to the next key frame at which the
   * network has caught up.
   */
  admits({ keyframe }: { readonly keyframe: boolean }, bufferedBytes: number): boolean {
    const late = this.delayMs(bufferedBytes) > vmTimers.maxSendQueueMs;
    if (late) this.skipping = true;
    else if (keyframe) this.skipping = false;
    if (this.skipping && this.sentBytes > 0) this.skipped += 1;
    return !this.skipping;
  }

  /** A frame of media time `timeMs` was handed over. */
  sent(sizeBytes: number, timeMs: number): void {
    this.sentBytes += sizeBytes;
    this.lastMs = timeMs;
    this.marks.push({ endByte: this.sentBytes, timeMs });
  }

  private delayMs(bufferedBytes: number): number {
    const takenBytes = this.sentBytes - bufferedBytes;
    const firstWaiting = this.marks.findIndex((mark) => mark.endByte > takenBytes);
    this.marks.splice(0, firstWaiting < 0 ? this.marks.length : firstWaiting);
    const [first] = this.marks;
    return first === undefined ? 0 : this.lastMs - first.timeMs;
  }
}
