import { sql } from 'kysely';
import type { Db } from '../../store/ports.ts';
import type { SegmentRow } from '../segment-catalogue.ts';

/** What is stored of one camera in one home. */
export interface CameraUsage {
  readonly homeId: string;
  readonly deviceId: string;
  readonly usedBytes: number;
}

type Sum = Pick<SegmentRow, 'home_id' | 'device_id'> & { readonly used: number | null };
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
    // Without statistics of its own the database would read every row instead of the index made for this.
    const stored = await sql<Sum>`select home_id, device_id, sum(size_bytes) as used from segment indexed by segment_kind
      where state = 'stored' group by home_id, device_id`.execute(this.db);
    const garbage = await sql<Sum>`select home_id, device_id, sum(size_bytes) as used from segment
      where state = 'garbage' group by home_id, device_id`.execute(this.db);
    this.cameras = new Map();
    this.total = 0;
    for (const row of [...stored.rows, ...garbage.rows]) this.add({ ...row, size_bytes: Number(row.used ?? 0) });
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
