import type { Random } from '@cardea/core';
import type { BodyOf, reportStatistics } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Db } from '../store/ports.ts';
import type { BoundDevice } from './vr-access.ts';

export type UploadReport = BodyOf<typeof reportStatistics>;

export interface UploadStatisticsOptions {
  readonly db: Db;
  readonly random: Random;
  /** Reports kept of one device; the oldest go. */
  readonly maxPerDevice: number;
}

/** What devices say about how well storing works (H.627.2 Appendix I.3.5, title only). */
export class UploadStatistics {
  private readonly db: Db;
  private readonly random: Random;
  private readonly maxPerDevice: number;

  constructor({ db, random, maxPerDevice }: UploadStatisticsOptions) {
    this.db = db;
    this.random = random;
    this.maxPerDevice = maxPerDevice;
  }

  async add(device: BoundDevice, report: UploadReport): Promise<void> {
    await this.db
      .insertInto('upload_statistic')
      .values({
        id: this.random.ulid(),
        home_id: device.homeId,
        device_id: device.deviceId,
        period_start_at: report.periodStartAt,
        period_end_at: report.periodEndAt,
        report: JSON.stringify(report),
      })
      .execute();
    await this.trim(device.deviceId);
  }

  /** Newest first. */
  async of(proof: DeviceProof<'manage'>, limit: number): Promise<readonly UploadReport[]> {
    const rows = await this.db
      .selectFrom('upload_statistic')
      .select('report')
      .where('device_id', '=', proof.deviceId)
      // What it did in another home is not this one's business.
      .where('home_id', '=', proof.homeId)
      .orderBy('id', 'desc')
      .limit(limit)
      .execute();
    // Checked when it came.
    return rows.map(({ report }) => JSON.parse(report) as UploadReport);
  }

  // By id, that is by arrival: the period is what the device says, and its clock may be wrong.
  private async trim(deviceId: string): Promise<void> {
    const oldestKept = await this.db
      .selectFrom('upload_statistic')
      .select('id')
      .where('device_id', '=', deviceId)
      .orderBy('id', 'desc')
      .offset(this.maxPerDevice - 1)
      .limit(1)
      .executeTakeFirst();
    if (oldestKept === undefined) return;
    await this.db.deleteFrom('upload_statistic').where('device_id', '=', deviceId).where('id', '<', oldestKept.id).execute();
  }
}
