import { AppError, type Clock } from '@cardea/core';
import { vrTimers } from '@cardea/protocol';

/** Segments on their way in at once while the store keeps up; nobody waits for this many. */
const MOST = 1_024;
/** A store that is slow takes this many all the same, or it would never be seen to recover. */
const LEAST = 16;
/** How long a store that keeps up takes at most to make a segment durable, on average. */
const SLOW_MS = 2_000;
/** Weight of the newest commit in the average. */
const NEWEST = 1 / 8;
/** Between two cuts: what was granted before has to be seen to come through first. */
const CUT_EVERY_MS = 1_000;
/** Without a slow commit in this time more is granted again. */
const RAISE_EVERY_MS = 5_000;
const RAISE = 1.5;
const RETRY_MS = 1_000;

/** The part of the credits that kinds may use up which can wait (reliability.md C-9); the others may use all. */
const parts: Readonly<Partial<Record<string, number>>> = { continuous: 0.75, backfill: 0.5 };

/**
 * How many segments may be on their way in at once, over all devices. A store that takes long to make them durable lowers it, so
 * that data waits on the devices, which keep it, and not here; as it keeps up again the number rises.
 */
export class UploadCredits {
  private readonly clock: Clock;
  private credits = MOST;
  private held = 0;
  /** Segments whose bytes go past this process, and when their tickets end (monotonic), soonest first. */
  private readonly tickets = new Map<string, number>();
  private averageMs = 0;
  private changedMs: number;

  constructor(clock: Clock) {
    this.clock = clock;
    this.changedMs = clock.monotonicMs();
  }

  /** So many may be on their way in now. */
  get granted(): number {
    this.raise();
    return Math.floor(this.credits);
  }

  /** The store does not keep up: one segment of a device at a time will do. */
  get scarce(): boolean {
    return this.granted < MOST;
  }

  /** @throws AppError LIMIT_EXCEEDED with a time to try again when a segment of this kind has to wait */
  assertFree(kind: string): void {
    if (this.underWay >= Math.max(1, this.granted * (parts[kind] ?? 1))) {
      throw new AppError('LIMIT_EXCEEDED', { granted: this.granted }, { retryAfterMs: RETRY_MS });
    }
  }

  /** A segment is on its way in until the result is disposed. */
  hold(): Disposable {
    this.held += 1;
    return {
      [Symbol.dispose]: () => {
        this.held -= 1;
      },
    };
  }

  /**
   * As `assertFree`, for bytes that are to go straight to the store: devices ask for their tickets when a recording begins, so
   * while the store keeps up there are as many as there are cameras.
   */
  assertTicketFree(kind: string): void {
    if (this.scarce) this.assertFree(kind);
  }

  /** A device may bring the bytes of a segment straight to the store: they are on their way until `arrived`, or its ticket ends. */
  issued(segmentId: string): void {
    this.tickets.delete(segmentId);
    this.tickets.set(segmentId, this.clock.monotonicMs() + vrTimers.uploadTicketTtlMs);
  }

  /** The device says that its bytes are there, or that they will not come. */
  arrived(segmentId: string): void {
    this.tickets.delete(segmentId);
  }

  /** The store took so long to make something durable. */
  committed(latencyMs: number): void {
    this.averageMs += (latencyMs - this.averageMs) * NEWEST;
    const now = this.clock.monotonicMs();
    if (this.averageMs <= SLOW_MS || now - this.changedMs < CUT_EVERY_MS) return;
    // Half of what was really under way: half of what nobody used would change nothing.
    this.credits = Math.max(LEAST, Math.min(this.granted, this.underWay) / 2);
    this.changedMs = now;
  }

  private get underWay(): number {
    const now = this.clock.monotonicMs();
    for (const [segmentId, endsMs] of this.tickets) {
      if (endsMs > now) break;
      this.tickets.delete(segmentId);
    }
    return this.held + this.tickets.size;
  }

  private raise(): void {
    const now = this.clock.monotonicMs();
    const times = Math.floor((now - this.changedMs) / RAISE_EVERY_MS);
    if (this.credits >= MOST || times < 1) return;
    this.credits = Math.min(MOST, this.credits * RAISE ** times);
    this.changedMs += times * RAISE_EVERY_MS;
  }
}
