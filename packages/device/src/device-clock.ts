import type { Clock, Timer } from '@cardea/core';
import type { TimeSource } from '@cardea/protocol';

/** A clock further off than this is set; smaller differences are left to the time service of the machine (C1 step 5). */
const TOLERATED_OFFSET_MS = 2_000;

/**
 * The wall clock of the device: the clock of the machine plus an offset of ours, so that a platform can set the time of the
 * agent without touching the machine it runs on. Timers and monotonic time are those of the machine.
 */
export class DeviceClock implements Clock {
  private readonly machine: Clock;
  private offsetMs = 0;
  private setBy: TimeSource = 'rtc';
  private setOnPurpose = false;

  constructor(machine: Clock) {
    this.machine = machine;
  }

  now(): number {
    return Math.round(this.machine.now() + this.offsetMs);
  }

  monotonicMs(): number {
    return this.machine.monotonicMs();
  }

  setTimer(delayMs: number, action: () => void): Timer {
    return this.machine.setTimer(delayMs, action);
  }

  /** Who last set the clock. */
  get source(): TimeSource {
    return this.setBy;
  }

  /** The clock was compared with somebody else's since the start. */
  get synchronized(): boolean {
    return this.setBy !== 'rtc';
  }

  /** Wall time at a point of the monotonic clock, by what the wall clock says at present. */
  wallAt(monotonicMs: number): number {
    return Math.round(this.now() + monotonicMs - this.monotonicMs());
  }

  /** Sets the wall clock. Returns by how many milliseconds it moved; negative is backwards. */
  set(utcAt: number, source: TimeSource): number {
    const stepMs = utcAt - this.now();
    this.offsetMs += stepMs;
    this.setBy = source;
    this.setOnPurpose = true;
    return stepMs;
  }

  /**
   * Compares with a server's clock, read half a round trip ago, and sets ours only when it is more than 2 s off.
   * Returns by how much it moved.
   */
  compare(serverTime: number, roundTripMs: number): number {
    const stepMs = Math.round(serverTime + roundTripMs / 2 - this.now());
    this.setOnPurpose = false;
    if (Math.abs(stepMs) > TOLERATED_OFFSET_MS) {
      this.offsetMs += stepMs;
      this.setBy = 'platform';
      return stepMs;
    }
    if (!this.synchronized) this.setBy = 'platform';
    return 0;
  }

  /** As `compare`, but leaves a clock alone that somebody has set since the last comparison. */
  follow(serverTime: number, roundTripMs: number): number {
    return this.setOnPurpose ? 0 : this.compare(serverTime, roundTripMs);
  }
}
