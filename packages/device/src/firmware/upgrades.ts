import type { KeyObject } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError, type Clock, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import {
  type FwState,
  finalFwStates,
  firmwareChange,
  firmwareTimers,
  type ResultOf,
  type StatusName,
  type UpgradeStatus,
  type upgradeFirmware,
} from '@cardea/protocol';
import type { Camera } from '../camera.ts';
import type { Restarts } from '../restarts.ts';
import type { PlannedStart } from '../state/device-store.ts';
import type { MessageSender } from '../vd/event-queue.ts';
import { assertAcceptable } from './acceptance.ts';
import { checkImage, MAX_IMAGE_BYTES } from './firmware-image.ts';
import { openFirmwareKeys } from './firmware-keys.ts';
import { FirmwareSlots } from './firmware-slots.ts';
import { downloadImage } from './image-download.ts';
import { type UpgradeOrder, UpgradeRecord, type UpgradeTask } from './upgrade-record.ts';

/** The firmware of a device as it is at one start. */
export interface OpenedFirmware {
  readonly slots: FirmwareSlots;
  readonly record: UpgradeRecord;
  readonly keys: readonly KeyObject[];
  /** Set when an upgrade led to this start. */
  readonly plannedStart: PlannedStart | undefined;
}

export interface FirmwareState {
  readonly stateDirectory: string;
  readonly factoryVersion: string;
  /** Public keys in PEM that are trusted from now on, beside those trusted already. */
  readonly trustedKeys: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Decides which firmware starts and how the upgrade before ended. @throws AppError INVALID_STATE | INVALID_PARAMS */
export async function openFirmware({ stateDirectory, factoryVersion, trustedKeys, clock, logger }: FirmwareState): Promise<OpenedFirmware> {
  const keys = await openFirmwareKeys(stateDirectory, trustedKeys, logger);
  const slots = await FirmwareSlots.open({ stateDirectory, factoryVersion, logger });
  const record = await UpgradeRecord.open(stateDirectory);
  const { task } = record;
  const started = task !== undefined && (task.state === 'rebooting' || slots.trialTaskId === task.order.taskId);
  if (!started) return { slots, record, keys, plannedStart: undefined };
  if (slots.trialTaskId === undefined) {
    const outcome = slots.version === task.order.version ? ended('succeeded') : rolledBack;
    await record.set({ ...task, ...outcome, updatedAt: clock.now() });
  } else if (task.state !== 'rebooting') {
    await record.set({ ...task, state: 'rebooting', updatedAt: clock.now() });
  }
  return { slots, record, keys, plannedStart: { reason: 'upgrade', upgradeTaskId: task.order.taskId } };
}

export interface UpgradesOptions extends OpenedFirmware {
  readonly camera: Pick<Camera, 'about' | 'power'>;
  readonly sender: Pick<MessageSender, 'notify'>;
  readonly isOnline: () => boolean;
  /** Ends live video and closes what is being recorded. */
  readonly quiesce: () => Promise<void>;
  readonly restarts: Restarts;
  /** An upgrade led to this start. */
  readonly followsUpgrade: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

type UpgradeAnswer = ResultOf<typeof upgradeFirmware>;
type Outcome = Pick<UpgradeTask, 'state' | 'progressPct' | 'error'>;

const DOWN_TIME_MS = 2_000;
/** Closing what is open, going down and coming up again. */
const EXPECTED_DOWN_TIME_SEC = 10;
const restingStates: ReadonlySet<FwState> = new Set<FwState>(finalFwStates);
const rolledBack = ended('rolledBack', 'BOOT_CHECK_FAILED');

/**
 * Upgrades of this device, one at a time: fetch, check, wait for the time, install in the spare slot, start it on trial.
 * @see profile hss-open-1 B5.7, B5.8 and C10
 */
export class Upgrades implements AsyncDisposable {
  private readonly options: UpgradesOptions;
  private readonly lifetime: Lifetime;
  private readonly startedAt: number;
  private work: AbortController | undefined;
  private untold: boolean;

  constructor(options: UpgradesOptions) {
    this.options = options;
    this.lifetime = new Lifetime(options.logger);
    this.startedAt = options.clock.now();
    this.untold = options.followsUpgrade;
    options.restarts.refuseWhile(() => this.installing);
  }

  get status(): UpgradeStatus {
    const { record, slots } = this.options;
    if (record.task === undefined) return { state: 'idle', progressPct: 0, currentVersion: slots.version, updatedAt: this.startedAt };
    const { order, state, progressPct, error, updatedAt } = record.task;
    const { taskId, version } = order;
    return { taskId, state, progressPct, currentVersion: slots.version, targetVersion: version, ...(error && { error }), updatedAt };
  }

  /** From here on nothing stops the upgrade, and the device goes down by itself. */
  get installing(): boolean {
    const state = this.options.record.task?.state;
    return state === 'installing' || state === 'rebooting';
  }

  /** Goes on with what an earlier start left, and watches an image that is on trial. */
  start(): void {
    const { clock, record, slots } = this.options;
    if (slots.trialTaskId !== undefined) {
      const timer = clock.setTimer(firmwareTimers.bootCheckMs, () => this.lifetime.run('roll-back', () => this.giveUpTrial()));
      this.lifetime.defer(() => timer[Symbol.dispose]());
    } else if (record.task !== undefined && this.busyWith(record.task)) {
      this.launch();
    }
  }

  /**
   * Answers firmware.upgrade; what happens then is told by `status`.
   * @throws AppError UPGRADE_IN_PROGRESS | INVALID_STATE | as `assertAcceptable`
   */
  async ask(order: UpgradeOrder): Promise<UpgradeAnswer> {
    const { camera, clock, record, slots } = this.options;
    const { mode = 'downloadAndInstall' } = order;
    if (mode === 'cancel') return await this.cancel(order);
    const { task } = record;
    if (task !== undefined && task.order.taskId === order.taskId && task.order.mode === order.mode) return answer(task);
    if (task !== undefined && this.busyWith(task)) throw new AppError('UPGRADE_IN_PROGRESS', { taskId: task.order.taskId });
    assertAcceptable(order, { version: slots.version, power: camera.power(), now: clock.now() });
    const ready = task?.state === 'downloaded' && task.order.sha256 === order.sha256;
    if (mode === 'installDownloaded' && !ready) throw new AppError('INVALID_STATE', { reason: 'that image is not here' });
    const accepted: UpgradeTask = {
      order,
      state: mode === 'installDownloaded' ? 'downloaded' : 'downloading',
      progressPct: mode === 'installDownloaded' ? 100 : 0,
      updatedAt: clock.now(),
    };
    await record.set(accepted);
    if (!ready) await slots.discardDownload();
    this.tell();
    this.launch();
    return answer(accepted);
  }

  /** The platform has been reached: an image on trial has proved itself, and what could not be told is told. */
  cameOnline(): void {
    const { slots } = this.options;
    if (this.lifetime.signal.aborted) return;
    if (slots.trialTaskId === undefined) {
      if (this.untold) this.tell();
      return;
    }
    this.lifetime.run('confirmation of new firmware', async () => {
      await slots.confirm();
      await this.change(ended('succeeded'));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private busyWith({ order, state }: UpgradeTask): boolean {
    return !restingStates.has(state) && !(state === 'downloaded' && order.mode === 'downloadOnly');
  }

  private async cancel({ taskId, version }: UpgradeOrder): Promise<UpgradeAnswer> {
    const { record, slots } = this.options;
    const { task } = record;
    const meant = task !== undefined && (task.order.taskId === taskId || task.order.version === version);
    if (meant && task.state === 'cancelled') return answer(task);
    if (!meant || this.installing || restingStates.has(task.state)) throw new AppError('INVALID_STATE', { state: task?.state ?? 'idle' });
    this.work?.abort();
    await this.change(ended('cancelled', 'CANCELLED'));
    await slots.discardDownload();
    return answer(record.task ?? task);
  }

  private launch(): void {
    const work = new AbortController();
    this.work = work;
    this.lifetime.run('upgrade', async (ending) => {
      const signal = AbortSignal.any([ending, work.signal]);
      try {
        await this.carryOut(signal);
      } catch (error) {
        // Cancelled, or the device goes down and goes on after its next start.
        if (!signal.aborted) await this.fail(AppError.from(error));
      }
    });
  }

  private async carryOut(signal: AbortSignal): Promise<void> {
    const { camera, record, slots, keys } = this.options;
    const { task } = record;
    if (task === undefined) return;
    const { order } = task;
    if (task.state === 'downloading') {
      await this.fetchImage(order, signal);
      await checkImage(slots.downloadPath, { ...order, model: camera.about.model }, keys);
      signal.throwIfAborted();
      await this.change({ state: 'downloaded', progressPct: 100 });
    }
    if (order.mode === 'downloadOnly') return;
    if (record.task?.state !== 'installing') await this.awaitItsTime(order, signal);
    signal.throwIfAborted();
    await this.install(order);
  }

  /** @throws AppError INSUFFICIENT_SPACE | SIGNATURE_INVALID (there is none) | as `downloadImage` */
  private async fetchImage(order: UpgradeOrder, signal: AbortSignal): Promise<void> {
    const { clock, logger, slots } = this.options;
    const { url, sizeBytes, retries = firmwareTimers.retriesDefault, retryIntervalSec = firmwareTimers.retryIntervalDefaultSec } = order;
    if (order.signature === undefined) throw new AppError('SIGNATURE_INVALID');
    const { bavail, bsize } = await statfs(dirname(slots.downloadPath));
    if (sizeBytes > Math.min(MAX_IMAGE_BYTES, bavail * bsize)) throw new AppError('INSUFFICIENT_SPACE');
    const onProgress = (receivedBytes: number): void => this.progress((100 * receivedBytes) / sizeBytes);
    for (let failures = 0; ; failures += 1) {
      try {
        return await downloadImage({ url, path: slots.downloadPath, sizeBytes, onProgress, clock, signal });
      } catch (error) {
        if (!(error instanceof AppError && error.status === 'DOWNLOAD_FAILED') || failures >= retries) throw error;
        logger.info({ err: error, failures: failures + 1 }, 'the firmware could not be fetched and is tried again');
        await sleep(clock, retryIntervalSec * 1_000, { signal });
      }
    }
  }

  /** @throws AppError INSTALL_FAILED when the window is over */
  private async awaitItsTime({ notBeforeAt = 0, window }: UpgradeOrder, signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    const waitMs = Math.max(notBeforeAt, window?.startAt ?? 0) - clock.now();
    if (waitMs > 0) {
      await this.change({ state: 'scheduled', progressPct: 0 });
      await sleep(clock, waitMs, { signal });
    }
    if (window !== undefined && clock.now() > window.endAt) throw new AppError('INSTALL_FAILED', { reason: 'the window is over' });
  }

  private async install(order: UpgradeOrder): Promise<void> {
    const { camera, keys, logger, quiesce, slots } = this.options;
    const { taskId } = order;
    const claim = { ...order, model: camera.about.model };
    await this.change({ state: 'installing', progressPct: 0 });
    await quiesce();
    // Checked again: it may have lain on the disk for days. After a power cut it may be in its slot already.
    const header = await checkImage(slots.downloadPath, claim, keys).catch(() => checkImage(slots.sparePath, claim, keys));
    await slots.install(taskId, header, order.sha256).catch((cause: unknown) => {
      throw new AppError('INSTALL_FAILED', undefined, { cause });
    });
    logger.info({ taskId, version: header.version }, 'new firmware is installed and starts on trial');
    await this.change({ state: 'rebooting', progressPct: 0 });
    await this.restart(taskId);
  }

  private async giveUpTrial(): Promise<void> {
    const { logger, slots } = this.options;
    const { trialTaskId } = slots;
    if (trialTaskId === undefined) return;
    logger.warn({ taskId: trialTaskId }, 'the new firmware did not reach the platform; back to the one before');
    await slots.rollBack();
    await this.change(rolledBack);
    await this.restart(trialTaskId);
  }

  private async restart(upgradeTaskId: string): Promise<void> {
    await this.options.restarts.now({ reason: 'upgrade', upgradeTaskId, graceful: true, downTimeMs: DOWN_TIME_MS });
  }

  private async fail(error: AppError): Promise<void> {
    const { logger, record, slots } = this.options;
    logger.warn({ err: error, taskId: record.task?.order.taskId }, 'the upgrade failed');
    await slots.discardDownload();
    const known = knownFailures.has(error.status);
    await this.change(ended('failed', known ? error.status : this.installing ? 'INSTALL_FAILED' : 'DOWNLOAD_FAILED'));
  }

  private async change(outcome: Outcome): Promise<void> {
    const { clock, record } = this.options;
    if (record.task === undefined) return;
    const { error: _, ...task } = record.task;
    await record.set({ ...task, ...outcome, updatedAt: clock.now() });
    this.tell();
  }

  private progress(pct: number): void {
    const { clock, record } = this.options;
    const step = Math.floor(pct / firmwareTimers.progressStepPct) * firmwareTimers.progressStepPct;
    if (record.task === undefined || step <= record.task.progressPct) return;
    record.setProgress(step, clock.now());
    this.tell();
  }

  private tell(): void {
    const { clock, isOnline, random, sender } = this.options;
    this.untold = !isOnline();
    if (!this.untold) sender.notify(firmwareChange, { eventId: random.ulid(), occurredAt: clock.now(), ...this.status });
  }
}

const knownFailures: ReadonlySet<StatusName> = new Set<StatusName>([
  'DOWNLOAD_FAILED',
  'DIGEST_MISMATCH',
  'SIGNATURE_INVALID',
  'INSUFFICIENT_SPACE',
  'INCOMPATIBLE',
  'INSTALL_FAILED',
  'URL_INVALID',
  'DOWNGRADE_FORBIDDEN',
]);

function ended(state: FwState, failure?: StatusName): Outcome {
  if (failure === undefined) return { state, progressPct: 100 };
  return { state, progressPct: 100, error: { code: new AppError(failure).code, name: failure } };
}

function answer({ order, state }: UpgradeTask): UpgradeAnswer {
  return { taskId: order.taskId, state, expectedDownTimeSec: EXPECTED_DOWN_TIME_SEC };
}
