import { AppError, type Clock, sleep, TokenBuckets } from '@cardea/core';
import { vdLimits } from '@cardea/protocol';

interface Lane {
  running: number;
  /** Woken one at a time as commands end. */
  readonly queue: (() => void)[];
  waiting: number;
}

/** Longest queue of one device: what its rate would let through while the queue may wait, twice over. */
const MAX_WAITING = 32;

/**
 * Keeps commands to one device within its rate and its number in flight. What comes above waits up to a second.
 * @see profile hss-open-1 B3 (10 commands a second, 16 in flight)
 */
export class CommandGate {
  private readonly clock: Clock;
  private readonly rate: TokenBuckets;
  private readonly lanes = new Map<string, Lane>();

  constructor(clock: Clock) {
    this.clock = clock;
    this.rate = new TokenBuckets({ burst: vdLimits.maxCommandsPerSec, perSecond: vdLimits.maxCommandsPerSec }, clock);
  }

  /** Runs `command` when its turn comes. @throws AppError RATE_LIMITED | LIMIT_EXCEEDED | CANCELLED | what `command` throws */
  async run<T>(deviceId: string, command: () => Promise<T>, { signal }: { readonly signal?: AbortSignal } = {}): Promise<T> {
    const lane = this.lanes.get(deviceId) ?? { running: 0, queue: [], waiting: 0 };
    this.lanes.set(deviceId, lane);
    try {
      await this.wait(deviceId, lane, signal);
      return await this.occupy(lane, command);
    } finally {
      if (lane.running === 0 && lane.waiting === 0) this.lanes.delete(deviceId);
    }
  }

  private async wait(deviceId: string, lane: Lane, signal: AbortSignal | undefined): Promise<void> {
    if (lane.waiting >= MAX_WAITING) throw limitExceeded(lane);
    lane.waiting += 1;
    const endsAtMs = this.clock.monotonicMs() + vdLimits.maxQueueingMs;
    try {
      await this.waitForToken(deviceId, endsAtMs, signal);
      while (lane.running >= vdLimits.maxInFlight) await this.waitForEnd(lane, endsAtMs, signal);
    } finally {
      lane.waiting -= 1;
    }
  }

  private async waitForToken(deviceId: string, endsAtMs: number, signal: AbortSignal | undefined): Promise<void> {
    for (let waitMs = this.rate.take(deviceId); waitMs > 0; waitMs = this.rate.take(deviceId)) {
      if (this.clock.monotonicMs() + waitMs > endsAtMs)
        throw new AppError('RATE_LIMITED', undefined, { retryAfterMs: vdLimits.maxQueueingMs });
      await sleep(this.clock, waitMs, { ...(signal && { signal }) });
    }
  }

  private async waitForEnd(lane: Lane, endsAtMs: number, signal: AbortSignal | undefined): Promise<void> {
    const leftMs = endsAtMs - this.clock.monotonicMs();
    if (leftMs <= 0) throw limitExceeded(lane);
    const { promise, resolve } = Promise.withResolvers<void>();
    lane.queue.push(resolve);
    const patience = new AbortController();
    const ending = signal === undefined ? patience.signal : AbortSignal.any([patience.signal, signal]);
    try {
      await Promise.race([promise, sleep(this.clock, leftMs, { signal: ending })]);
    } finally {
      patience.abort();
      const index = lane.queue.indexOf(resolve);
      if (index >= 0) lane.queue.splice(index, 1);
    }
  }

  private async occupy<T>(lane: Lane, command: () => Promise<T>): Promise<T> {
    lane.running += 1;
    try {
      return await command();
    } finally {
      lane.running -= 1;
      lane.queue.shift()?.();
    }
  }
}

function limitExceeded(lane: Lane): AppError {
  return new AppError('LIMIT_EXCEEDED', { inFlight: lane.running }, { retryAfterMs: vdLimits.maxQueueingMs });
}
