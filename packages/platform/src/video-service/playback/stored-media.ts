import { createHash } from 'node:crypto';
import { AppError, type Logger } from '@cardea/core';
import { type RecordedSegment, readRecordedSegment } from '@cardea/media';
import type { ObjectStore } from '../../store/ports.ts';
import type { SegmentRow } from '../segment-catalogue.ts';
import { devicePrefix } from '../segment-key.ts';

/** What of a row is needed to play its segment. */
export type StoredSegment = Pick<
  SegmentRow,
  | 'id'
  | 'home_id'
  | 'device_id'
  | 'channel'
  | 'stream'
  | 'start_at'
  | 'end_at'
  | 'size_bytes'
  | 'sha256'
  | 'object_key'
  | 'codecs'
  | 'format_hash'
>;

/** Reads stored segments to play them: one at a time, as a whole, so that no byte is played that was not proven. */
export class StoredMedia {
  private readonly objects: ObjectStore;
  private readonly logger: Logger;

  constructor({ objects, logger }: { readonly objects: ObjectStore; readonly logger: Logger }) {
    this.objects = objects;
    this.logger = logger;
  }

  /** @throws AppError OBJECT_MISMATCH when the bytes were damaged since they were confirmed; INTERNAL_ERROR when they are gone */
  async read(row: StoredSegment): Promise<RecordedSegment> {
    // The row says whose it is; the place of the bytes has to say the same, or no byte leaves (reliability.md C-27).
    if (!row.object_key.startsWith(devicePrefix(row.home_id, row.device_id))) throw this.fault(row, 'the row names bytes of another home');
    const bytes = await this.bytesOf(row);
    if (createHash('sha256').update(bytes).digest('hex') !== row.sha256) {
      this.logger.error({ segmentId: row.id, deviceId: row.device_id }, 'the bytes of a stored segment are damaged');
      throw new AppError('OBJECT_MISMATCH', undefined, { message: 'the bytes of this segment were damaged' });
    }
    return readRecordedSegment(bytes);
  }

  private async bytesOf(row: StoredSegment): Promise<Uint8Array> {
    try {
      await using object = await this.objects.open(row.object_key);
      return await object.read(0, row.size_bytes ?? 0);
    } catch (error) {
      throw this.fault(row, 'the bytes of a stored segment cannot be read', error);
    }
  }

  private fault(row: StoredSegment, message: string, cause?: unknown): AppError {
    this.logger.error({ err: cause, segmentId: row.id, deviceId: row.device_id }, message);
    return new AppError('INTERNAL_ERROR', undefined, { cause });
  }
}
