import type { Clock, Timer } from '@cardea/core';

interface AlarmWindow {
  /** When each alarm ends, by event id, on the monotonic clock. */
  readonly ends: ReadonlyMap<string, number>;
  readonly timer: Timer;
}

/**
 * From when to when each channel is recorded for alarms. Alarms that overlap are recorded as the newest of them, to the end
 * of the last.
 */
export class AlarmWindows {
  private readonly windows = new Map<number, AlarmWindow>();
  private readonly clock: Clock;
  private readonly onEnd: () => void;

  constructor(clock: Clock, onEnd: () => void) {
    this.clock = clock;
    this.onEnd = onEnd;
  }

  /** The alarm lasts `durationMs` from now on; said again it moves the end. */
  extend(channel: number, eventId: string, durationMs: number): void {
    const nowMs = this.clock.monotonicMs();
    const running = this.windows.get(channel);
    running?.timer[Symbol.dispose]();
    const ends = new Map([...(running?.ends ?? [])].filter(([, endsMs]) => endsMs > nowMs));
    ends.set(eventId, nowMs + durationMs);
    const timer = this.clock.setTimer(Math.max(...ends.values()) - nowMs, () => {
      this.windows.delete(channel);
      this.onEnd();
    });
    this.windows.set(channel, { ends, timer });
  }

  /** The alarm the channel is recorded for, if any. */
  newest(channel: number): string | undefined {
    // Ids of events rise with time.
    return [...(this.windows.get(channel)?.ends.keys() ?? [])].toSorted().at(-1);
  }

  clear(): void {
    for (const { timer } of this.windows.values()) timer[Symbol.dispose]();
    this.windows.clear();
  }
}
