import type { Retention, RetentionChange, StorageUse } from '@cardea/api';
import type { Clock } from '@cardea/core';
import type { DeviceProof, HomeProof } from '../../authorization/proof.ts';
import type { Db } from '../../store/ports.ts';
import type { RecordingLedger } from '../timeline/recording-ledger.ts';
import type { RetentionKeeper } from './retention.ts';
import type { RetentionPolicies } from './retention-policies.ts';
import type { StorageUsage } from './storage-usage.ts';
import { FREED_TO, levelOf, type Volume } from './volume.ts';

export interface StorageReportOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly policies: RetentionPolicies;
  readonly usage: StorageUsage;
  readonly volume: Volume;
  readonly ledger: Pick<RecordingLedger, 'set'>;
  readonly keeper: Pick<RetentionKeeper, 'wake'>;
}

const DAY_MS = 86_400_000;

/** What users see of storage, and what they say about it. */
export class StorageReport {
  private readonly options: StorageReportOptions;

  constructor(options: StorageReportOptions) {
    this.options = options;
  }

  async use({ homeId }: HomeProof): Promise<StorageUse> {
    const { policies, usage, volume } = this.options;
    const cameras = usage.all().filter((camera) => camera.homeId === homeId);
    const devices = await Promise.all(
      cameras.map(async ({ deviceId }) => ({
        deviceId,
        ...(await this.camera(homeId, deviceId)),
        retention: await policies.of({ homeId, deviceId }),
      })),
    );
    const retention = await policies.of({ homeId });
    const room = await volume.room();
    const usedBytes = usage.ofHome(homeId);
    const bytesPerDay = devices.reduce((sum, device) => sum + device.bytesPerDay, 0);
    const inVolume = Math.max(0, room.freeBytes - room.totalBytes * (1 - FREED_TO));
    const freeBytes = Math.round(Math.min(inVolume, Math.max(0, (retention.quotaBytes ?? Number.MAX_SAFE_INTEGER) - usedBytes)));
    const oldest = devices.flatMap(({ oldestAt }) => (oldestAt === undefined ? [] : [oldestAt]));
    return {
      usedBytes,
      lockedBytes: devices.reduce((sum, device) => sum + device.lockedBytes, 0),
      ...(oldest.length > 0 && { oldestAt: Math.min(...oldest) }),
      keptDays: Math.max(0, ...devices.map(({ keptDays }) => keptDays)),
      bytesPerDay,
      retention,
      freeBytes,
      ...(bytesPerDay > 0 && { daysToFull: Math.min(freeBytes / bytesPerDay, 36_500) }),
      level: levelOf(room),
      devices,
    };
  }

  async ofHome({ homeId }: HomeProof): Promise<Retention> {
    return await this.options.policies.of({ homeId });
  }

  async ofCamera({ homeId, deviceId }: DeviceProof): Promise<Retention> {
    return await this.options.policies.of({ homeId, deviceId });
  }

  async changeHome({ homeId }: HomeProof<'manage'>, change: RetentionChange): Promise<Retention> {
    return await this.change({ homeId }, change);
  }

  async changeCamera({ homeId, deviceId }: DeviceProof<'manage'>, change: RetentionChange): Promise<Retention> {
    return await this.change({ homeId, deviceId }, change);
  }

  private async change(keeper: { readonly homeId: string; readonly deviceId?: string }, change: RetentionChange): Promise<Retention> {
    const retention = await this.options.policies.change(keeper, change);
    if (change.mode !== undefined) {
      const place = { homeId: keeper.homeId, deviceId: keeper.deviceId ?? '', channel: 0 };
      await this.options.ledger.set(place, 'keeping', change.mode ?? (keeper.deviceId === undefined ? retention.mode : 'home'));
    }
    this.options.keeper.wake();
    return retention;
  }

  private async camera(homeId: string, deviceId: string) {
    const { clock, db, usage } = this.options;
    const now = clock.now();
    const stored = db.selectFrom('segment').where('home_id', '=', homeId).where('device_id', '=', deviceId).where('state', '=', 'stored');
    const [first, today, locked] = await Promise.all([
      stored.select('start_at').orderBy('start_at').limit(1).executeTakeFirst(),
      stored
        .select((e) => e.fn.sum<number | null>('size_bytes').as('bytes'))
        .where('start_at', '>', now - DAY_MS)
        .executeTakeFirst(),
      stored
        .select((e) => e.fn.sum<number | null>('size_bytes').as('bytes'))
        .where('locked', '=', 1)
        .executeTakeFirst(),
    ]);
    const spanMs = first === undefined ? 0 : Math.max(0, now - first.start_at);
    // Of a camera that is new, what it stored so far tells what a day takes.
    const bytesPerDay = spanMs === 0 ? 0 : (Number(today?.bytes ?? 0) * DAY_MS) / Math.min(DAY_MS, Math.max(spanMs, 600_000));
    return {
      usedBytes: usage.of(homeId, deviceId),
      lockedBytes: Number(locked?.bytes ?? 0),
      ...(first !== undefined && { oldestAt: first.start_at }),
      keptDays: spanMs / DAY_MS,
      bytesPerDay,
    };
  }
}
