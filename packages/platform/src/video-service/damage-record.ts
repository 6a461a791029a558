import { AppError, type Clock, type Logger } from '@cardea/core';
import type { SegmentCatalogue, SegmentRow } from './segment-catalogue.ts';
import type { RecordingLedger } from './timeline/recording-ledger.ts';

/** A stored segment, as far as it takes to say that it is damaged. */
export type DamagedSegment = Pick<SegmentRow, 'id' | 'home_id' | 'device_id' | 'channel' | 'start_at' | 'end_at'>;

export interface DamageRecordOptions {
  readonly catalogue: Pick<SegmentCatalogue, 'setDamaged'>;
  readonly ledger: Pick<RecordingLedger, 'gap'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Writes down which stored segments are not what was confirmed any more. From then on they are gaps in the account of recordings
 * and in playback, while row and bytes stay for whoever looks into it (reliability.md P8).
 */
export class DamageRecord {
  private readonly options: DamageRecordOptions;

  constructor(options: DamageRecordOptions) {
    this.options = options;
  }

  /** The bytes were read and are others, or there are none; the result is what to tell whoever asked for them. */
  async found(segment: DamagedSegment, what: 'damaged' | 'gone'): Promise<AppError> {
    const { catalogue, clock, ledger, logger } = this.options;
    const { id, home_id: homeId, device_id: deviceId, channel, start_at: from, end_at: to } = segment;
    logger.error({ segmentId: id, deviceId, what }, 'the bytes of a stored segment are not the confirmed ones');
    await ledger.gap({ homeId, deviceId, channel }, 'damaged', { from, to: to ?? from });
    await catalogue.setDamaged(id, clock.now());
    const message = `the bytes of this segment ${what === 'gone' ? 'are gone' : 'were damaged'}`;
    return new AppError(what === 'gone' ? 'INTERNAL_ERROR' : 'OBJECT_MISMATCH', undefined, { message });
  }

  /** The bytes were read and are the confirmed ones: what was found before was the way to them, or somebody brought them back. */
  async isSound({ id, damaged_at: damagedAt }: Pick<SegmentRow, 'id' | 'damaged_at'>): Promise<void> {
    if (damagedAt !== null) await this.options.catalogue.setDamaged(id, null);
  }
}
