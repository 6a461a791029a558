import type { Clock } from '../clock.ts';

/** Speed of each axis, -1..1; left, down and wide are negative. */
export interface Velocity {
  readonly pan: number;
  readonly tilt: number;
  readonly zoom: number;
}

export type PtzOrder =
  | { readonly action: 'continuous'; readonly velocity: Partial<Velocity>; readonly timeoutMs: number }
  | { readonly action: 'stop' };

export interface PtzDriverOptions {
  readonly clock: Clock;
  /** The axes this head has. */
  readonly axes: readonly (keyof Velocity)[];
  readonly send: (order: PtzOrder) => Promise<void>;
  readonly onProblem: (cause: unknown) => void;
}

/** A move ends by itself after this: a lost stop never leaves the camera turning. */
const MOVE_MS = 1_000;
/** A held move is asked for again well before it ends. */
const RENEW_MS = 400;
/** The least time between two changes of direction. */
const CHANGE_MS = 120;

export const still: Velocity = { pan: 0, tilt: 0, zoom: 0 };

/**
 * Turns holding and dragging into moves: one order on the way at a time, the latest wish wins, renewed while it is held,
 * and a stop at the end.
 */
export class PtzDriver {
  private readonly options: PtzDriverOptions;
  private wanted: Velocity = still;
  private sent: Velocity = still;
  private sentAtMs = Number.NEGATIVE_INFINITY;
  private busy = false;
  private timer: Disposable | undefined;

  constructor(options: PtzDriverOptions) {
    this.options = options;
  }

  /** Moves like this until told otherwise. */
  steer(velocity: Velocity): void {
    this.wanted = velocity;
    this.next();
  }

  release(): void {
    this.steer(still);
  }

  private next(): void {
    if (this.busy) return;
    this.timer?.[Symbol.dispose]();
    this.timer = undefined;
    const { wanted, sent } = this;
    if (isStill(wanted)) {
      if (!isStill(sent)) this.send({ action: 'stop' });
      return;
    }
    const sinceMs = this.options.clock.uptimeMs() - this.sentAtMs;
    const dueMs = (isSame(wanted, sent) ? RENEW_MS : CHANGE_MS) - sinceMs;
    if (dueMs > 0) this.timer = this.options.clock.after(dueMs, () => this.next());
    else this.send({ action: 'continuous', velocity: this.onAxes(wanted), timeoutMs: MOVE_MS });
  }

  private send(order: PtzOrder): void {
    const { clock, onProblem } = this.options;
    this.busy = true;
    this.sent = this.wanted;
    this.sentAtMs = clock.uptimeMs();
    this.options
      .send(order)
      .catch(onProblem)
      .finally(() => {
        this.busy = false;
        this.next();
      });
  }

  private onAxes(velocity: Velocity): Partial<Velocity> {
    return Object.fromEntries(this.options.axes.map((axis) => [axis, Math.round(velocity[axis] * 100) / 100]));
  }
}

function isStill({ pan, tilt, zoom }: Velocity): boolean {
  return pan === 0 && tilt === 0 && zoom === 0;
}

function isSame(a: Velocity, b: Velocity): boolean {
  return a.pan === b.pan && a.tilt === b.tilt && a.zoom === b.zoom;
}
