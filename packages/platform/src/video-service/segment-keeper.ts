import { AppError, type Clock, hasStatus, type Logger } from '@cardea/core';
import type { FragmentedMp4Report } from '@cardea/media';
import type { SegmentLink } from '@cardea/protocol';
import type { Bus, ObjectDigest, ObjectStore } from '../store/ports.ts';
import { formatHashOf } from './format-hash.ts';
import { checkMedia } from './media-check.ts';
import { digestOf, isThere } from './object-probe.ts';
import { type FoundMedia, NO_BYTES, type SegmentCatalogue, type SegmentRow, type SegmentTimes } from './segment-catalogue.ts';
import { factsOf } from './segment-facts.ts';
import { MAX_SEGMENT_MS } from './video-limits.ts';

export interface SegmentKeeperOptions {
  readonly catalogue: SegmentCatalogue;
  readonly objects: ObjectStore;
  readonly maxSegmentBytes: number;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hears of bytes that came to be stored, and of those that are gone. */
  readonly accounts: { stored(row: SegmentRow): void; removed(row: SegmentRow): void };
}

/**
 * Joins rows and bytes: makes received bytes a stored segment, and takes the bytes of a segment that will not be one.
 * Callers hold the lock of the device.
 */
export class SegmentKeeper {
  private readonly catalogue: SegmentCatalogue;
  private readonly objects: ObjectStore;
  private readonly maxSegmentBytes: number;
  private readonly bus: Bus;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly accounts: SegmentKeeperOptions['accounts'];

  constructor({ catalogue, objects, maxSegmentBytes, bus, clock, logger, accounts }: SegmentKeeperOptions) {
    this.catalogue = catalogue;
    this.objects = objects;
    this.maxSegmentBytes = maxSegmentBytes;
    this.bus = bus;
    this.clock = clock;
    this.logger = logger;
    this.accounts = accounts;
  }

  /**
   * The row with the bytes its device brought straight to the object store, where devices do so.
   * @throws AppError OBJECT_MISSING; OBJECT_MISMATCH when nothing that was brought is as `expected`; SEGMENT_STATE
   */
  async claim(row: SegmentRow, expected?: ObjectDigest): Promise<SegmentRow> {
    const { direct } = this.objects;
    const claimed = row.upload_key !== null && (expected === undefined || row.sha256 === expected.sha256);
    if (direct === undefined || claimed) return row;
    const wanted = { maxBytes: this.maxSegmentBytes, facts: factsOf(row), ...(expected !== undefined && { expected }) };
    const received = await direct.claim(row.object_key, wanted);
    if (!(await this.catalogue.setUpload(row, received, row.state))) throw new AppError('SEGMENT_STATE');
    return { ...row, upload_key: received.uploadKey, size_bytes: received.sizeBytes, sha256: received.sha256 };
  }

  /** Whether anything may be stored for a segment that is not stored itself. */
  mayHaveBytes({ upload_key: uploadKey, size_bytes: sizeBytes, state }: SegmentRow): boolean {
    return uploadKey !== null || (this.objects.direct !== undefined && state !== 'cancelled' && sizeBytes !== NO_BYTES);
  }

  /**
   * Stores a segment the device confirmed; the result is when it became durable.
   * @throws AppError OBJECT_MISSING; OBJECT_MISMATCH; OVERLAP; SEGMENT_STATE; INTERNAL_ERROR or NO_CAPACITY when the disk fails
   */
  async confirm(row: SegmentRow, times: SegmentTimes, link?: SegmentLink): Promise<number> {
    const { tracks } = await this.check(row);
    return await this.store(row, times, { recovered: false, formatHash: formatHashOf(tracks), link });
  }

  /** Stores an expired segment as far as its bytes tell what it is. False when they do not allow it. */
  async recover(expired: SegmentRow): Promise<boolean> {
    try {
      const row = await this.claim(expired);
      const { durationMs, tracks } = await this.check(row);
      if (durationMs === 0 || durationMs > MAX_SEGMENT_MS) return false;
      const times = { startAt: row.start_at, endAt: row.start_at + durationMs };
      await this.store(row, times, { recovered: true, formatHash: formatHashOf(tracks) });
      return true;
    } catch (error) {
      if (hasStatus(error, 'OBJECT_MISSING', 'OBJECT_MISMATCH', 'OVERLAP', 'SEGMENT_STATE')) return false;
      throw error;
    }
  }

  /** Removes whatever bytes a segment that will not be stored has, under either name. */
  async dropBytes(row: SegmentRow): Promise<void> {
    const { direct } = this.objects;
    if (row.upload_key === null && direct === undefined) return;
    if (row.upload_key !== null) await this.objects.discard(row.upload_key);
    await direct?.discard(row.object_key);
    await this.objects.remove(row.object_key);
    await this.catalogue.clearUpload(row);
  }

  /** Removes the bytes of a deleted segment, then its row: the row goes last, so that nothing is left without one (C-3). */
  async finishGarbage(row: SegmentRow): Promise<void> {
    await this.objects.remove(row.object_key);
    await this.catalogue.delete(row);
    this.accounts.removed(row);
  }

  announce(row: SegmentRow): void {
    this.bus.publish({ type: 'segment', homeId: row.home_id, deviceId: row.device_id, segmentId: row.id });
  }

  private async store(row: SegmentRow, times: SegmentTimes, found: FoundMedia): Promise<number> {
    if (row.upload_key === null) throw new AppError('OBJECT_MISSING');
    if (await this.catalogue.overlapsStored(row, times)) throw new AppError('OVERLAP');
    await this.objects.commit(row.object_key, row.upload_key, factsOf(row));
    const storedAt = this.clock.now();
    const outcome = await this.catalogue.store(row, times, { storedAt, ...found });
    if (outcome !== 'stored') return await this.giveUp(row, outcome);
    this.accounts.stored(row);
    this.announce(row);
    return storedAt;
  }

  /** Another node decided between the look and the transaction; what it decided holds. */
  private async giveUp(row: SegmentRow, outcome: 'overlap' | 'lost'): Promise<number> {
    const now = await this.catalogue.find(row.id);
    if (now?.state === 'stored' && now.stored_at !== null) return now.stored_at;
    await this.objects.remove(row.object_key);
    throw new AppError(outcome === 'overlap' ? 'OVERLAP' : 'SEGMENT_STATE');
  }

  /** @throws AppError OBJECT_MISSING; OBJECT_MISMATCH */
  private async check(row: SegmentRow): Promise<FragmentedMp4Report> {
    if (row.upload_key === null) throw new AppError('OBJECT_MISSING');
    try {
      return await checkMedia(this.objects, row.upload_key, this.clock);
    } catch (error) {
      if (!hasStatus(error, 'NOT_FOUND')) throw error;
    }
    return await this.checkCommitted(row);
  }

  /**
   * A process that ended between the rename and the row left the bytes under their final name. An earlier upload may have left
   * others there, so they have to be proven.
   */
  private async checkCommitted(row: SegmentRow): Promise<FragmentedMp4Report> {
    const found = (await isThere(this.objects, row.object_key)) && (await digestOf(this.objects, row.object_key)) === row.sha256;
    if (!found) throw new AppError('OBJECT_MISSING');
    this.logger.info({ segmentId: row.id }, 'bytes of an interrupted confirmation were found');
    return await checkMedia(this.objects, row.object_key, this.clock);
  }
}
