import type { Clock, Logger } from '@cardea/core';
import { vrTimers } from '@cardea/protocol';
import type { Db, ObjectStore, SegmentState } from '../store/ports.ts';
import { judgeFiles } from './reconciliation.ts';
import type { SegmentCatalogue, SegmentRow } from './segment-catalogue.ts';
import type { SegmentKeeper } from './segment-keeper.ts';
import { segmentIdOf } from './segment-key.ts';
import type { SegmentLocks } from './segment-locks.ts';
import type { UploadSessions } from './upload-sessions.ts';

const BATCH = 200;
const ROWS_KEPT_MS = 7 * 86_400_000;
/** Longer than any upload may take. */
const UNKNOWN_AGE_MS = 3_600_000;
const FOREVER = Number.MAX_SAFE_INTEGER;

export interface SegmentSweepOptions {
  readonly db: Db;
  readonly catalogue: SegmentCatalogue;
  readonly keeper: SegmentKeeper;
  readonly locks: SegmentLocks;
  readonly sessions: UploadSessions;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How many segments or files one pass dealt with. */
export interface SweepCounts {
  expired: number;
  recovered: number;
  dropped: number;
  deleted: number;
  forgotten: number;
}

/** Brings segments nobody acts on any more to their end, and catalogue and files back together after a crash. */
export class SegmentSweep {
  private readonly options: SegmentSweepOptions;

  constructor(options: SegmentSweepOptions) {
    this.options = options;
  }

  /**
   * One pass over the rows: expires what was not confirmed in time; a day later stores what turns out whole (`recovered`) and
   * drops the rest; finishes what was cancelled or deleted; forgets old rows.
   */
  async rows(): Promise<SweepCounts> {
    const { catalogue, keeper, clock } = this.options;
    const counts: SweepCounts = { expired: 0, recovered: 0, dropped: 0, deleted: 0, forgotten: 0 };
    const nowMs = clock.now();
    await this.each('garbage', FOREVER, async (row) => {
      await keeper.finishGarbage(row);
      counts.deleted += 1;
    });
    await this.each('created', nowMs, async (row) => {
      if (await catalogue.move(row, 'expired')) counts.expired += 1;
    });
    await this.each('expired', nowMs - vrTimers.expiredObjectKeptMs, async (row) => {
      if (!keeper.mayHaveBytes(row)) return;
      if (await keeper.recover(row)) counts.recovered += 1;
      else await this.drop(row, counts);
    });
    await this.each('cancelled', FOREVER, async (row) => {
      if (row.upload_key !== null) await this.drop(row, counts);
    });
    for (const state of ['expired', 'cancelled'] as const) {
      await this.each(state, nowMs - ROWS_KEPT_MS, async (row) => {
        if (keeper.mayHaveBytes(row)) return;
        await catalogue.delete(row);
        counts.forgotten += 1;
      });
    }
    return counts;
  }

  /**
   * One pass over the files: removes uploads that a crash left torn, puts files no row knows of into quarantine once they are
   * older than any upload can be. Nothing unknown is deleted.
   */
  async files(): Promise<{ readonly torn: number; readonly quarantined: number }> {
    const { objects, clock, logger } = this.options;
    const counts = { torn: 0, quarantined: 0 };
    for await (const { key, verdict } of judgeFiles(this.options)) {
      if (verdict === 'torn' && (await this.discardTorn(key))) counts.torn += 1;
      if (verdict === 'unknown' && (await objects.stat(key)).modifiedAt < clock.now() - UNKNOWN_AGE_MS) {
        await objects.quarantine(key);
        logger.warn({ key }, 'a file no row knows of was put into quarantine');
        counts.quarantined += 1;
      }
    }
    return counts;
  }

  /** False when the upload turns out to be running, or to have become whole since it was judged. */
  private async discardTorn(uploadKey: string): Promise<boolean> {
    const { catalogue, locks, sessions, objects } = this.options;
    const row = await catalogue.find(segmentIdOf(uploadKey) ?? '');
    if (row === undefined) return false;
    return await locks.run(row.device_id, async () => {
      const now = await catalogue.find(row.id);
      if (sessions.has(row.id) || now?.upload_key === uploadKey) return false;
      await objects.discard(uploadKey);
      return true;
    });
  }

  private async drop(row: SegmentRow, counts: SweepCounts): Promise<void> {
    await this.options.keeper.dropBytes(row);
    counts.dropped += 1;
  }

  /** Runs `action` for each row under its device's lock, with the row as it is then; one that fails waits for the next pass. */
  private async each(state: SegmentState, confirmBefore: number, action: (row: SegmentRow) => Promise<void>): Promise<void> {
    const { catalogue, locks, logger } = this.options;
    for (let after = ''; ; ) {
      const rows = await catalogue.overdue(state, confirmBefore, { after, limit: BATCH });
      for (const { id, device_id: deviceId } of rows) {
        await locks.run(deviceId, async () => {
          const row = await catalogue.find(id);
          if (row?.state === state)
            await action(row).catch((error: unknown) => logger.warn({ err: error, segmentId: id }, 'a segment could not be swept'));
        });
      }
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
    }
  }
}
