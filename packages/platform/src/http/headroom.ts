import { AppError, type Clock } from '@cardea/core';
import { type Memory, openProcessMemory } from './process-memory.ts';

/** Measuring costs microseconds, and requests come by the thousand. */
const MEASURE_EVERY_MS = 20;
const COLLECT_EVERY_MS = 10_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 10_000;
const RETRY_STEP_MS = 250;

/**
 * Up to which share of the memory a request is let in (reliability.md C-9, C-11). What ends a right or moves a camera comes longest,
 * since it frees more than it takes; then live pictures, and the connections of cameras by which both happen. Recordings wait on
 * the cameras. V8 gives up when it collects too often to get on, which begins some per cent below the limit.
 */
const CONTROL = 0.9;
const LIVE = 0.85;
const REST = 0.8;

/** Turns requests away while the process is short of memory, instead of failing at whatever it allocates next. */
export class Headroom {
  private readonly clock: Clock;
  private readonly memory: Memory;
  private measured: { readonly share: number; readonly atMs: number } | undefined;
  private collectedMs = Number.NEGATIVE_INFINITY;
  private retryMs = FIRST_RETRY_MS;
  private refusals = 0;

  constructor(clock: Clock, memory = openProcessMemory()) {
    this.clock = clock;
    this.memory = memory;
  }

  /** Of the memory the process may have, 0 to 1. */
  get memoryShare(): number {
    const nowMs = this.clock.monotonicMs();
    if (this.measured === undefined || nowMs - this.measured.atMs >= MEASURE_EVERY_MS) {
      this.measured = { share: this.shareAt(nowMs), atMs: nowMs };
    }
    return this.measured.share;
  }

  /** Whether there is room for everything. */
  get isEnough(): boolean {
    return this.memoryShare < REST;
  }

  /** Whether there is none for anything; then a connection is more than there is room for. */
  get isGone(): boolean {
    return this.memoryShare >= CONTROL;
  }

  /** Requests turned away so far. */
  get refused(): number {
    return this.refusals;
  }

  /** Whether there is room for one more connection that brings or takes live pictures past HTTP; one there is none for counts as turned away. */
  takesLive(): boolean {
    if (this.memoryShare < LIVE) return true;
    this.refusals += 1;
    return false;
  }

  /** NO_CAPACITY with a time to come back, another one for each; `undefined`: there is room. */
  refusalOf(method: string, path: string): AppError | undefined {
    if (this.memoryShare < shareOf(method, path)) return undefined;
    this.refusals += 1;
    this.retryMs = this.retryMs >= LAST_RETRY_MS ? FIRST_RETRY_MS : this.retryMs + RETRY_STEP_MS;
    return new AppError('NO_CAPACITY', undefined, { retryAfterMs: this.retryMs, message: 'the server is short of memory; try again' });
  }

  /** A process that turns everybody away allocates nothing, and V8 then collects nothing: it has to be told to. */
  private shareAt(nowMs: number): number {
    const share = this.memory.share();
    if (share < REST || nowMs - this.collectedMs < COLLECT_EVERY_MS) return share;
    this.collectedMs = nowMs;
    this.memory.collect();
    return this.memory.share();
  }
}

function shareOf(method: string, path: string): number {
  if (/^\/(healthz|readyz|metrics)$/.test(path)) return Number.POSITIVE_INFINITY;
  if (path.startsWith('/api/') && method !== 'GET' && method !== 'HEAD') return CONTROL;
  return /^\/(live|vm|vd|vs)\//.test(path) ? LIVE : REST;
}
