/** A key frame that can be shown while somebody looks for a moment. */
export interface ScrubFrame {
  /** Unix ms. */
  readonly at: number;
  readonly segmentId: string;
  /** Its place in the pictures of its segment, from 0. */
  readonly tile: number;
  /** There are no pictures: nobody but those who hold a key can open it. */
  readonly encrypted?: true;
}

const WINDOW_MS = 300_000;
/** Further away it is not what is looked for. */
const NEAR_MS = 15_000;

/** What is asked for at once around an instant: the same for instants near each other. */
export function scrubWindow(at: number): { readonly from: number; readonly to: number } {
  const from = Math.floor(at / WINDOW_MS) * WINDOW_MS;
  return { from, to: from + WINDOW_MS };
}

/** The last key frame before `at`, or the one after it when that is all there is near. */
export function nearestFrame(frames: readonly ScrubFrame[], at: number): ScrubFrame | undefined {
  const frame = frames.findLast((candidate) => candidate.at <= at) ?? frames[0];
  return frame !== undefined && Math.abs(frame.at - at) <= NEAR_MS ? frame : undefined;
}
