import { AppError, type Clock, type Logger, type Timer } from '@cardea/core';
import {
  type AlarmType,
  alarmNotification,
  type DiskState,
  type formatDisk,
  type getDiskInformation,
  type ParamsOf,
  type ResultOf,
} from '@cardea/protocol';
import type { Configuration } from '../configuration.ts';
import { sizeOf } from '../recording/ring-room.ts';
import { includesSide, type RecordSide } from '../recording/segment-entry.ts';
import type { SegmentRing } from '../recording/segment-ring.ts';
import type { EventQueue } from '../vd/event-queue.ts';
import { diskStateOf } from './disk-failure.ts';

export interface DiskOptions {
  readonly ring: SegmentRing;
  readonly config: Pick<Configuration, 'flag'>;
  readonly events: Pick<EventQueue, 'publish'>;
  /** Ends what uses the disk when it cannot be used any more; resolves when nothing writes to it. */
  readonly vacate: (error: AppError) => Promise<void>;
  /** Something can be recorded that could not before, or the other way round. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Information = ResultOf<typeof getDiskInformation>['disks'][number];
type FormatAnswer = ResultOf<typeof formatDisk>;

/** The one disk of this device: the directory of its recordings. */
export const DISK_ID = 1;

const CHECK_AGAIN_MS = 10_000;
const FORMAT_EXPECTED_SEC = 5;
/** Without overwriting, so much is left for what only waits for the video service. */
const WAITING_SHARE = 0.1;
/** The event goes by the first channel: a disk belongs to all of them. */
const CHANNEL = 1;

/** The disk as the platform sees it: its state, what is on it, and erasing it (B5.31, B5.32, C13). */
export class Disk implements Disposable {
  private readonly options: DiskOptions;
  private present: DiskState;
  private failure: unknown;
  private formatPct: number | undefined;
  private formatting: Promise<void> = Promise.resolve();
  private recheck: Timer | undefined;
  private wasFull = false;

  constructor(options: DiskOptions) {
    this.options = options;
    this.present = options.ring.isHalfErased ? 'unformatted' : 'normal';
  }

  get state(): DiskState {
    return this.present === 'normal' && this.isFull() ? 'full' : this.present;
  }

  /** @throws AppError for why `side` cannot be recorded now: DISK_ERROR | DISK_FULL | DISK_FORMATTING | DISK_UNFORMATTED | DISK_READ_ONLY */
  check(side: RecordSide): void {
    const { state } = this;
    if (state === 'normal' || (state === 'full' && side === 'cloud' && this.present === 'normal')) return;
    throw new AppError(refusals[state] ?? 'DISK_ERROR');
  }

  /** Whether `side` can be recorded now. */
  takes(side: RecordSide): boolean {
    try {
      this.check(side);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws AppError for why nothing can be read now: NO_DISK | DISK_ERROR | DISK_FORMATTING | DISK_UNFORMATTED */
  checkReadable(diskId: number = DISK_ID): void {
    checkId(diskId);
    const { state } = this;
    if (state === 'error' || state === 'formatting' || state === 'unformatted') throw new AppError(refusals[state] ?? 'DISK_ERROR');
  }

  /** Answers disk.getInfo; `recording`: something is being recorded. @throws AppError NO_DISK */
  information({ diskId = DISK_ID, recording }: { readonly diskId?: number | undefined; readonly recording: boolean }): Information {
    checkId(diskId);
    const { ring } = this.options;
    const recorded = ring.recorded();
    const local = recorded.filter(({ target }) => includesSide(target, 'local'));
    const usedBytes = Math.min(sizeOf(recorded), ring.quotaBytes);
    const [oldest] = local;
    const newestAt = local.length > 0 ? Math.max(...local.map(({ endAt }) => endAt)) : undefined;
    const { state } = this;
    return {
      diskId: DISK_ID,
      type: 'ssd',
      state,
      totalBytes: ring.quotaBytes,
      usedBytes,
      freeBytes: ring.quotaBytes - usedBytes,
      readOnly: state === 'readOnly',
      ...(this.formatPct !== undefined && { formatPct: this.formatPct }),
      overwrite: this.overwrite(),
      recording,
      ...(oldest !== undefined && { oldestAt: oldest.create.startAt }),
      ...(newestAt !== undefined && { newestAt }),
      ...(this.failure !== undefined && { error: String(this.failure).slice(0, MAX_ERROR_CHARS) }),
    };
  }

  /** Starts to erase the disk; an alarm tells the end. @throws AppError NO_DISK | DISK_FORMATTING */
  format({ taskId, diskId }: ParamsOf<typeof formatDisk>): FormatAnswer {
    checkId(diskId);
    if (this.present === 'formatting') throw new AppError('DISK_FORMATTING');
    this.recheck?.[Symbol.dispose]();
    this.formatPct = 0;
    this.formatting = this.erase();
    return { taskId, state: this.present, expectedSec: FORMAT_EXPECTED_SEC };
  }

  /** Something was not written. Recording goes on as soon as the disk can be written again. */
  failed(error: unknown): void {
    if (this.present === 'formatting' || this.present === 'unformatted') return;
    this.failure = error;
    const before = this.present;
    this.enter(diskStateOf(error));
    if (before === 'normal') {
      this.options.logger.error({ err: error, state: this.present }, 'the disk fails');
      this.alarm(this.present === 'full' ? 'diskFull' : 'diskError');
    }
    this.checkLater();
  }

  /** Looks again whether everything fits, after something was recorded or the configuration has changed. */
  update(): void {
    const { ring, onChange } = this.options;
    ring.overwrite = this.overwrite();
    const full = this.isFull();
    if (full === this.wasFull) return;
    this.wasFull = full;
    if (full) this.alarm('diskFull');
    onChange();
  }

  /** Resolves when no formatting is under way. */
  async settle(): Promise<void> {
    await this.formatting;
  }

  [Symbol.dispose](): void {
    this.recheck?.[Symbol.dispose]();
  }

  /** Never rejects. */
  private async erase(): Promise<void> {
    const { ring, vacate, logger } = this.options;
    this.enter('formatting');
    try {
      await vacate(new AppError('DISK_FORMATTING'));
      await ring.erase((part) => {
        this.formatPct = Math.round(part * 100);
      });
      this.failure = undefined;
      this.enter('normal');
      logger.info({}, 'the disk is erased');
      this.alarm('diskFormatted');
    } catch (error) {
      logger.error({ err: error }, 'the disk could not be erased');
      this.failure = error;
      this.enter(ring.isHalfErased ? 'unformatted' : 'error');
      this.alarm('diskError');
    } finally {
      this.formatPct = undefined;
    }
  }

  private enter(state: DiskState): void {
    if (this.present === state) return;
    this.present = state;
    this.options.onChange();
  }

  private checkLater(): void {
    this.recheck?.[Symbol.dispose]();
    this.recheck = this.options.clock.setTimer(CHECK_AGAIN_MS, () => void this.checkNow());
  }

  /** Never rejects. */
  private async checkNow(): Promise<void> {
    const { ring, logger } = this.options;
    try {
      await ring.check();
      if (this.present === 'formatting' || this.present === 'unformatted') return;
      this.failure = undefined;
      this.enter('normal');
      logger.info({}, 'the disk can be written again');
    } catch (error) {
      this.failed(error);
    }
  }

  private overwrite(): boolean {
    return this.options.config.flag('record.local.overwrite');
  }

  private isFull(): boolean {
    if (this.overwrite()) return false;
    const { ring } = this.options;
    const local = ring.recorded().filter(({ target }) => includesSide(target, 'local'));
    return sizeOf(local) >= ring.quotaBytes * (1 - WAITING_SHARE);
  }

  private alarm(alarmType: AlarmType): void {
    const { events, logger } = this.options;
    events
      .publish(alarmNotification, { channel: CHANNEL, alarmType, state: 'pulse' })
      .catch((error: unknown) => logger.error({ err: error, alarmType }, 'an alarm of the disk was not kept'));
  }
}

const MAX_ERROR_CHARS = 256;

const refusals: Partial<Record<DiskState, 'DISK_ERROR' | 'DISK_FULL' | 'DISK_FORMATTING' | 'DISK_UNFORMATTED' | 'DISK_READ_ONLY'>> = {
  full: 'DISK_FULL',
  formatting: 'DISK_FORMATTING',
  unformatted: 'DISK_UNFORMATTED',
  readOnly: 'DISK_READ_ONLY',
};

function checkId(diskId: number): void {
  if (diskId !== DISK_ID) throw new AppError('NO_DISK', { diskId });
}
