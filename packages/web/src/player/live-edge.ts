/** A stretch of media that is there, in seconds of the media timeline. */
export interface TimeRange {
  readonly startSec: number;
  readonly endSec: number;
}

export interface Playhead {
  readonly atSec: number;
  /** What is buffered, in order. */
  readonly ranges: readonly TimeRange[];
}

/** What the player does next. */
export interface EdgeOrder {
  readonly playbackRate: number;
  readonly seekToSec?: number;
}

const FIRST_TARGET_SEC = 0.45;
const LONGEST_TARGET_SEC = 1.5;
const TARGET_STEP_SEC = 0.2;
/** Within this of the target the rate stays 1, so that sound does not waver. */
const TOLERANCE_SEC = 0.15;
/** Further behind than this, catching up would take too long to watch. */
const JUMP_ABOVE_SEC = 3;
const SLOWEST = 0.95;
const FASTEST = 1.1;
/** Change of rate for each second off the target. */
const GAIN_PER_SEC = 0.25;
/** Nearer to the end of a stretch than this, the playhead stands at it. */
const END_TOLERANCE_SEC = 0.12;

/**
 * Keeps the playhead shortly behind the newest picture: small changes of rate for small errors, a jump only when it is more
 * than three seconds behind, outside of what is there, or before a hole. Each stall moves the target further from the edge.
 */
export class LiveEdge {
  private target = FIRST_TARGET_SEC;
  private settled = false;

  /** How far behind the newest picture the playhead should be. */
  get targetSec(): number {
    return this.target;
  }

  /** The player ran dry: from now on it keeps more in reserve. Waiting at the beginning and after a jump does not count. */
  onStall(): void {
    if (!this.settled) return;
    this.settled = false;
    this.target = Math.min(LONGEST_TARGET_SEC, this.target + TARGET_STEP_SEC);
  }

  order(playhead: Playhead): EdgeOrder {
    const order = this.decide(playhead);
    this.settled = playhead.ranges.length > 0 && order.seekToSec === undefined;
    return order;
  }

  private decide({ atSec, ranges }: Playhead): EdgeOrder {
    const first = ranges[0];
    const last = ranges.at(-1);
    if (first === undefined || last === undefined) return { playbackRate: 1 };
    const behindSec = last.endSec - atSec;
    if (atSec < first.startSec || behindSec < -END_TOLERANCE_SEC || behindSec > JUMP_ABOVE_SEC) {
      return { playbackRate: 1, seekToSec: Math.max(last.startSec, last.endSec - this.target) };
    }
    const afterHole = startAfterHole(atSec, ranges);
    if (afterHole !== undefined) return { playbackRate: 1, seekToSec: afterHole };
    return { playbackRate: rateFor(behindSec - this.target) };
  }
}

/** Where to go on when the playhead stands in a hole or at its beginning. */
function startAfterHole(atSec: number, ranges: readonly TimeRange[]): number | undefined {
  const inside = ranges.some(({ startSec, endSec }) => atSec >= startSec && atSec < endSec - END_TOLERANCE_SEC);
  return inside ? undefined : ranges.find(({ startSec }) => startSec > atSec)?.startSec;
}

function rateFor(errorSec: number): number {
  if (Math.abs(errorSec) <= TOLERANCE_SEC) return 1;
  const beyondSec = errorSec - Math.sign(errorSec) * TOLERANCE_SEC;
  const rate = 1 + Math.min(FASTEST - 1, Math.max(SLOWEST - 1, beyondSec * GAIN_PER_SEC));
  // Steps of a hundredth: the rate is not set anew for every packet.
  return Math.round(rate * 100) / 100;
}
