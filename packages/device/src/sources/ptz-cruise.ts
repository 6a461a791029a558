import type { Clock, Timer } from '@cardea/core';

export interface PtzCruiseOptions<P> {
  /** Where to go, in turn; asked again for each round, since places may be taken away. */
  readonly places: () => readonly P[];
  /** Sets out for a place and returns how long it takes, in milliseconds. */
  readonly goTo: (place: P) => number;
  readonly dwellMs: number;
  readonly onEnded: () => void;
  readonly clock: Clock;
}

/** A head with nowhere to stay or go would turn on the spot without end. */
const SHORTEST_STEP_MS = 1_000;

/** A tour that goes round its places until it is ended, or until there are none. */
export class PtzCruise<P> implements Disposable {
  private readonly options: PtzCruiseOptions<P>;
  private timer: Timer | undefined;
  private next = 0;

  constructor(options: PtzCruiseOptions<P>) {
    this.options = options;
  }

  start(): void {
    const { clock, dwellMs, goTo, onEnded, places } = this.options;
    const round = places();
    const place = round[this.next % Math.max(1, round.length)];
    if (place === undefined) {
      onEnded();
      return;
    }
    this.next = (this.next + 1) % round.length;
    this.timer = clock.setTimer(Math.max(SHORTEST_STEP_MS, goTo(place) + dwellMs), () => this.start());
  }

  /** The head stays where it is, or goes on to where it is going. */
  [Symbol.dispose](): void {
    this.timer?.[Symbol.dispose]();
  }
}
