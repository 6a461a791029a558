import type { Retention, RetentionChange, StorageUse } from '@cardea/api';
import type { Clock } from '@cardea/core';
import { sql } from 'kysely';
import type { DeviceProof, HomeProof } from '../../authorization/proof.ts';
import type { Db } from '../../store/ports.ts';
import type { RecordingWishes, WishedOf } from './recording-wishes.ts';
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
  readonly wishes: Pick<RecordingWishes, 'of' | 'isDue'>;
  readonly keeper: Pick<RetentionKeeper, 'wake'>;
  /** What these cameras are to record may have changed. */
  readonly onWish?: ((deviceIds: readonly string[]) => void) | undefined;
}

const DAY_MS = 86_400_000;

/** What users see of storage, and what they say about it. */
export class StorageReport {
  private readonly options: StorageReportOptions;

  constructor(options: StorageReportOptions) {
    this.options = options;
  }

  async use(proof: HomeProof): Promise<StorageUse> {
    const { homeId } = proof;
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
      devices: devices.filter(({ deviceId }) => proof.reaches(deviceId)),
    };
  }

  async ofHome({ homeId }: HomeProof): Promise<Retention> {
    return await this.options.policies.of({ homeId });
  }

  async ofCamera({ homeId, deviceId }: DeviceProof): Promise<Retention> {
    return await this.ofWished({ homeId, deviceId });
  }

  async changeHome({ homeId }: HomeProof<'manage'>, change: RetentionChange): Promise<Retention> {
    const retention = await this.options.policies.change({ homeId }, change);
    this.options.keeper.wake();
    await this.hoursChanged(homeId);
    return retention;
  }

  async changeCamera({ homeId, deviceId }: DeviceProof<'manage'>, change: RetentionChange): Promise<Retention> {
    const { keeper, policies } = this.options;
    await policies.change({ homeId, deviceId }, change);
    keeper.wake();
    await this.announce([{ homeId, deviceId }]);
    return await this.ofWished({ homeId, deviceId });
  }

  /** The clocks of the home are others, or what is said for all its cameras. */
  async hoursChanged(homeId: string): Promise<void> {
    const cameras = await this.options.db.selectFrom('device').select('id').where('home_id', '=', homeId).execute();
    await this.announce(cameras.map(({ id }) => ({ homeId, deviceId: id })));
  }

  private async announce(cameras: readonly WishedOf[]): Promise<void> {
    const { onWish, wishes } = this.options;
    const due = [];
    for (const camera of cameras) {
      await wishes.of(camera);
      if (await wishes.isDue(camera)) due.push(camera.deviceId);
    }
    if (due.length > 0) onWish?.(due);
  }

  private async ofWished(camera: WishedOf): Promise<Retention> {
    const { policies, wishes } = this.options;
    const [retention, said, pending] = await Promise.all([policies.of(camera), policies.said(camera), wishes.isDue(camera)]);
    const unsaid = (['mode', 'streams'] as const).filter((name) => said[name] === undefined);
    return { ...retention, ...(unsaid.length > 0 && { cameraDecides: unsaid }), ...(pending && { pending }) };
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
      sql<{ readonly bytes: number | null }>`select sum(size_bytes) as bytes from segment indexed by segment_locked
        where home_id = ${homeId} and device_id = ${deviceId} and state = 'stored' and locked = 1`.execute(db),
    ]);
    const spanMs = first === undefined ? 0 : Math.max(0, now - first.start_at);
    // Of a camera that is new, what it stored so far tells what a day takes.
    const bytesPerDay = spanMs === 0 ? 0 : (Number(today?.bytes ?? 0) * DAY_MS) / Math.min(DAY_MS, Math.max(spanMs, 600_000));
    return {
      usedBytes: usage.of(homeId, deviceId),
      lockedBytes: Number(locked.rows[0]?.bytes ?? 0),
      ...(first !== undefined && { oldestAt: first.start_at }),
      keptDays: spanMs / DAY_MS,
      bytesPerDay,
    };
  }
}
