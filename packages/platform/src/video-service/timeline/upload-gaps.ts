import type { GapReason } from '@cardea/api';
import { AppError, type Clock, type Logger } from '@cardea/core';
import type { CancelReason, CreateSegment, StatusName } from '@cardea/protocol';
import type { SegmentCatalogue } from '../segment-catalogue.ts';
import type { BoundDevice } from '../vr-access.ts';
import type { RecordingLedger } from './recording-ledger.ts';
import type { Span } from './spans.ts';

export interface UploadGapsOptions {
  readonly ledger: RecordingLedger;
  readonly catalogue: Pick<SegmentCatalogue, 'find'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly targetSegmentSec: number;
}

const cancelReasons: Readonly<Record<CancelReason, GapReason | undefined>> = {
  uploadFailed: 'uploadFailed',
  // Another segment has its pictures.
  superseded: undefined,
  userDeleted: 'deleted',
  privacy: 'privacy',
  tooLate: 'overload',
  diskLost: 'deviceDisk',
  lowPower: 'lowBattery',
};

const failures: Readonly<Partial<Record<StatusName, GapReason>>> = {
  NO_CAPACITY: 'storageFull',
  QUOTA_EXCEEDED: 'storageFull',
  NO_STORAGE_PLAN: 'notKept',
  OBJECT_MISMATCH: 'codec',
  TIME_INVALID: 'clock',
  OVERLAP: 'clock',
  LIMIT_EXCEEDED: 'overload',
  RATE_LIMITED: 'overload',
};

/**
 * Writes down why a segment did not come to be stored. A note that cannot be written is logged and fails nothing; a segment
 * that is stored after all fills the gap by itself.
 */
export class UploadGaps {
  private readonly options: UploadGapsOptions;

  constructor(options: UploadGapsOptions) {
    this.options = options;
  }

  /** The announcement of a segment was refused. */
  async refused({ homeId, deviceId }: BoundDevice, { channel, startAt, durationMs }: CreateSegment, error: unknown): Promise<void> {
    await this.note({ homeId, deviceId, channel }, this.reasonOf(error), this.spanOf(startAt, durationMs));
  }

  /** Upload or confirmation of an announced segment failed. */
  async failed(segmentId: string, error: unknown): Promise<void> {
    await this.ofSegment(segmentId, this.reasonOf(error));
  }

  /** The device gave a segment up. */
  async cancelled(segmentId: string, reason: CancelReason): Promise<void> {
    await this.ofSegment(segmentId, cancelReasons[reason]);
  }

  private async ofSegment(segmentId: string, reason: GapReason | undefined): Promise<void> {
    if (reason === undefined) return;
    const row = await this.options.catalogue.find(segmentId);
    if (row === undefined || row.state === 'stored') return;
    const place = { homeId: row.home_id, deviceId: row.device_id, channel: row.channel };
    await this.note(place, reason, this.spanOf(row.start_at, row.end_at === null ? undefined : row.end_at - row.start_at));
  }

  private async note(place: Parameters<RecordingLedger['gap']>[0], reason: GapReason | undefined, span: Span): Promise<void> {
    if (reason === undefined) return;
    try {
      // What a device with a wrong clock recorded is missing now, whatever time it says.
      await this.options.ledger.gap(place, reason, reason === 'clock' ? this.spanOf(this.options.clock.now() - this.lengthMs) : span);
    } catch (error) {
      this.options.logger.warn({ err: error, deviceId: place.deviceId, reason }, 'a gap could not be written down');
    }
  }

  private reasonOf(thrown: unknown): GapReason | undefined {
    const { status, details } = AppError.from(thrown);
    // Bytes that are merely not all there come again; what is no video does not become one.
    if (status === 'OBJECT_MISMATCH' && details?.reason === undefined) return undefined;
    return failures[status];
  }

  private spanOf(startAt: number, durationMs: number = this.lengthMs): Span {
    return { from: startAt, to: startAt + durationMs };
  }

  private get lengthMs(): number {
    return this.options.targetSegmentSec * 1_000;
  }
}
