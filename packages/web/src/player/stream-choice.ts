import type { StreamName } from '../api/queries.ts';

/** The platform closed the view because the pictures were not taken as fast as they came. */
export class TooSlow extends Error {
  override readonly name = 'TooSlow';
}

/** The line may be strong enough again for the stream that is wanted. */
export class TimeForMore extends Error {
  override readonly name = 'TimeForMore';
}

const FIRST_MS = 30_000;
const LONGEST_MS = 10 * 60_000;

/**
 * Which stream to show over a line of unknown strength: the wanted one; once that was too much the small one, and after half a
 * minute the wanted one again, after twice as long each time it is too much anew.
 */
export class StreamChoice {
  private readonly wanted: StreamName;
  private falls = 0;
  private isSmall = false;

  constructor(wanted: StreamName) {
    this.wanted = wanted;
  }

  get stream(): StreamName {
    return this.isSmall ? 'sub' : this.wanted;
  }

  /** How long to stay with it; `undefined`: for as long as it goes. */
  get forMs(): number | undefined {
    return this.isSmall ? Math.min(LONGEST_MS, FIRST_MS * 2 ** (this.falls - 1)) : undefined;
  }

  /** @param cause why the view before ended */
  onEnded(cause: unknown): void {
    if (cause instanceof TimeForMore) this.isSmall = false;
    if (!(cause instanceof TooSlow) || this.isSmall || this.wanted !== 'main') return;
    this.falls += 1;
    this.isSmall = true;
  }

  /** The camera has no small stream. */
  onNoSmall(): void {
    this.isSmall = false;
  }
}
