import type { Db } from '../../store/ports.ts';
import type { SegmentRow } from '../segment-catalogue.ts';

/** What is stored of one camera in one home. */
export interface CameraUsage {
  readonly homeId: string;
  readonly deviceId: string;
  readonly usedBytes: number;
}

type Stored = Pick<SegmentRow, 'home_id' | 'device_id' | 'size_bytes'>;

/**
 * How much is stored of each camera, counted once and kept up to date by this process. What other processes store and
 * remove is known after the next count.
 */
export class StorageUsage {
  private readonly db: Db;
  private cameras = new Map<string, CameraUsage>();
  private total = 0;

  constructor(db: Db) {
    this.db = db;
  }

  get usedBytes(): number {
    return this.total;
  }

  async count(): Promise<void> {
    const rows = await this.db
      .selectFrom('segment')
      .select((e) => ['home_id', 'device_id', e.fn.sum<number | null>('size_bytes').as('used')])
      .where('state', 'in', ['stored', 'garbage'])
      .groupBy(['home_id', 'device_id'])
      .execute();
    const counted = rows.map((row) => ({ homeId: row.home_id, deviceId: row.device_id, usedBytes: Number(row.used ?? 0) }));
    this.cameras = new Map(counted.map((camera) => [keyOf(camera), camera]));
    this.total = counted.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  }

  add(row: Stored): void {
    this.change(row, row.size_bytes ?? 0);
  }

  remove(row: Stored): void {
    this.change(row, -(row.size_bytes ?? 0));
  }

  /** Of whom anything is stored. */
  all(): readonly CameraUsage[] {
    return [...this.cameras.values()];
  }

  of(homeId: string, deviceId: string): number {
    return this.cameras.get(keyOf({ homeId, deviceId }))?.usedBytes ?? 0;
  }

  ofHome(homeId: string): number {
    return this.all().reduce((sum, camera) => sum + (camera.homeId === homeId ? camera.usedBytes : 0), 0);
  }

  forget({ homeId, deviceId }: Omit<CameraUsage, 'usedBytes'>): void {
    this.cameras.delete(keyOf({ homeId, deviceId }));
  }

  private change({ home_id: homeId, device_id: deviceId }: Stored, byBytes: number): void {
    const usedBytes = Math.max(0, this.of(homeId, deviceId) + byBytes);
    this.cameras.set(keyOf({ homeId, deviceId }), { homeId, deviceId, usedBytes });
    this.total = Math.max(0, this.total + byBytes);
  }
}

function keyOf({ homeId, deviceId }: Pick<CameraUsage, 'homeId' | 'deviceId'>): string {
  return `${homeId} ${deviceId}`;
}
