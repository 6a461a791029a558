import type { Device, DeviceState } from '@cardea/api';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Bus, Db } from '../store/ports.ts';
import { capabilitiesOf, type DeviceRecords, type DeviceRow, statusOf } from './device-records.ts';
import type { DeviceConnections } from './ports.ts';

export interface DevicePage {
  readonly items: readonly Device[];
  /** `cursor` of the following page; absent on the last. */
  readonly next?: string;
}

export interface DeviceFilter {
  readonly state?: DeviceState | undefined;
  readonly cursor?: string | undefined;
  readonly limit?: number | undefined;
}

interface DeviceDirectoryOptions {
  readonly records: DeviceRecords;
  readonly connections: DeviceConnections;
  readonly db: Db;
  readonly bus: Bus;
}

const DEFAULT_LIMIT = 50;
const READ_AT_ONCE = 500;

/** Devices as users see them. */
export class DeviceDirectory {
  private readonly options: DeviceDirectoryOptions;

  constructor(options: DeviceDirectoryOptions) {
    this.options = options;
  }

  /** @throws AppError NOT_FOUND when the device left the home meanwhile */
  async describe(proof: DeviceProof): Promise<Device> {
    return this.present(await this.options.records.ofHome(proof.deviceId, proof.homeId), proof.homeId);
  }

  /** Those of the proven devices that pass the filter, by id. */
  async list(proofs: readonly DeviceProof[], { state, cursor = '', limit = DEFAULT_LIMIT }: DeviceFilter = {}): Promise<DevicePage> {
    const wanted = proofs
      .filter(({ deviceId }) => deviceId > cursor && (state === undefined || this.options.connections.presenceOf(deviceId) === state))
      .sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1));
    const page = wanted.slice(0, limit);
    const rows = await this.read(page.map(({ deviceId }) => deviceId));
    const items = page.flatMap(({ deviceId, homeId }) => {
      const row = rows.get(deviceId);
      return row?.home_id === homeId ? [this.present(row, homeId)] : [];
    });
    const last = page.at(-1);
    return { items, ...(wanted.length > limit && last !== undefined && { next: last.deviceId }) };
  }

  /** Gives the device another name. */
  async rename(proof: DeviceProof<'configure'>, name: string): Promise<Device> {
    const { bus, records } = this.options;
    await records.ofHome(proof.deviceId, proof.homeId);
    await records.rename(proof.deviceId, name);
    bus.publish({ type: 'device', homeId: proof.homeId, deviceId: proof.deviceId });
    return this.describe(proof);
  }

  private async read(ids: readonly string[]): Promise<ReadonlyMap<string, DeviceRow>> {
    const rows: DeviceRow[] = [];
    for (let from = 0; from < ids.length; from += READ_AT_ONCE) {
      const some = ids.slice(from, from + READ_AT_ONCE);
      rows.push(...(await this.options.db.selectFrom('device').selectAll().where('id', 'in', some).execute()));
    }
    return new Map(rows.map((row) => [row.id, row]));
  }

  private present(row: DeviceRow, homeId: string): Device {
    const { connections } = this.options;
    const capabilities = capabilitiesOf(row) ?? null;
    const { battery } = statusOf(row);
    return {
      id: row.id,
      homeId,
      name: row.name,
      vendor: row.vendor,
      model: row.model,
      serial: row.serial,
      firmware: row.firmware,
      ...(row.hardware !== null && { hardware: row.hardware }),
      state: connections.presenceOf(row.id),
      lastSeenAt: connections.lastHeardAt(row.id) ?? row.last_seen_at,
      boundAt: row.bound_at ?? row.created_at,
      channels: (capabilities?.channels ?? []).map(({ channel, name, video }) => ({
        channel,
        name: name ?? `${row.name} ${channel}`,
        streams: video.map(({ stream }) => stream),
      })),
      capabilities,
      ...(battery !== undefined && { battery }),
    };
  }
}
