import { AppError, type Clock, type Logger, type Timer } from '@cardea/core';
import { type ParamsOf, type ResultOf, type rebootDevice, rebootTimers } from '@cardea/protocol';
import type { DeviceStore, PlannedStart } from './state/device-store.ts';

/** How the device goes down, and why it comes up again. */
export interface Restart extends PlannedStart {
  /** Open video segments are closed first, which may take 30 s. */
  readonly graceful: boolean;
  readonly downTimeMs: number;
}

export interface RestartsOptions {
  readonly store: DeviceStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

type RebootAnswer = ResultOf<typeof rebootDevice>;

const DOWN_TIME_MS = 2_000;
/** With margin for closing what is open and coming up again. */
const EXPECTED_DOWN_TIME_SEC = 5;
const MAX_REMEMBERED_TASKS = 16;

/**
 * Restarts of the device in place: everything is closed, and built anew from the state directory. A task restarts the device
 * once, even when it is repeated after the restart.
 */
export class Restarts implements Disposable {
  /** Resolves when the device has to go down now. */
  readonly wanted: Promise<Restart>;
  private readonly options: RestartsOptions;
  private readonly resolveWanted: (restart: Restart) => void;
  private readonly obstacles = new Set<() => boolean>();
  private planned: { readonly taskId: string; readonly timer: Timer } | undefined;

  constructor(options: RestartsOptions) {
    this.options = options;
    const { promise, resolve } = Promise.withResolvers<Restart>();
    this.wanted = promise;
    this.resolveWanted = resolve;
  }

  /** Reboots are refused with UPGRADING while `holds`. */
  refuseWhile(holds: () => boolean): void {
    this.obstacles.add(holds);
  }

  /** Answers device.reboot; the device goes down later. @throws AppError UPGRADING | BUSY (another restart is planned) */
  async plan({ taskId, mode = 'graceful', delaySec = rebootTimers.delayDefaultSec }: ParamsOf<typeof rebootDevice>): Promise<RebootAnswer> {
    const { clock, store } = this.options;
    const tasks = store.record.rebootTasks ?? [];
    const done = tasks.find((task) => task.taskId === taskId);
    if (done !== undefined) return answer(done.rebootAt);
    this.assertPossible();
    if (this.planned !== undefined) throw new AppError('BUSY', { taskId: this.planned.taskId });
    const rebootAt = Math.round(clock.now() + delaySec * 1_000);
    const restart = { reason: 'reboot', graceful: mode === 'graceful', downTimeMs: DOWN_TIME_MS } as const;
    this.planned = { taskId, timer: clock.setTimer(delaySec * 1_000, () => void this.now(restart)) };
    await store.update({ rebootTasks: [...tasks, { taskId, rebootAt }].slice(-MAX_REMEMBERED_TASKS) });
    return answer(rebootAt);
  }

  /** Nothing stands in the way of going down, or of work that a restart would cut off. @throws AppError UPGRADING */
  assertPossible(): void {
    for (const holds of this.obstacles) if (holds()) throw new AppError('UPGRADING');
  }

  /** Takes the device down; its next start gives `reason`. Never rejects. */
  async now(restart: Restart): Promise<void> {
    const { logger, store } = this.options;
    const { reason, upgradeTaskId } = restart;
    logger.info({ reason }, 'the device restarts');
    await store
      .update({ plannedStart: { reason, ...(upgradeTaskId !== undefined && { upgradeTaskId }) } })
      .catch((error: unknown) => logger.error({ err: error }, 'the reason of the restart could not be kept'));
    this.resolveWanted(restart);
  }

  /** Nothing is planned any more. */
  [Symbol.dispose](): void {
    this.planned?.timer[Symbol.dispose]();
  }
}

function answer(rebootAt: number): RebootAnswer {
  return { accepted: true, rebootAt, expectedDownTimeSec: EXPECTED_DOWN_TIME_SEC };
}
