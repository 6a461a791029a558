import { AppError, type Clock } from '@cardea/core';
import {
  BatteryState,
  CapabilitySet,
  conforms,
  Instant,
  KeepAliveStatus,
  type keepAliveReport,
  type ParamsOf,
  TimeSource,
} from '@cardea/protocol';
import type { Updateable } from 'kysely';
import { type Static, Type } from 'typebox';
import type { Db, FindRow, Row, RowReader, Tables } from '../store/ports.ts';
import { GroupCommit } from '../store/sql/group-commit.ts';

/** What every message of a device needs to know of it; reading less makes messages cheaper. */
const messageColumns = [
  'id',
  'home_id',
  'disabled',
  'binding_epoch',
  'binding_id',
  'bound_at',
  'low_power',
  'name',
  'model',
  'firmware',
  'hardware',
  'channels',
  'cap_hash',
  'config_version',
  'boot_id',
  'last_status',
] as const;
export type DeviceRow = Pick<Row<'device'>, (typeof messageColumns)[number]>;
/** Everything that is kept of a device. */
export type WholeDeviceRow = Row<'device'>;
export type DeviceInfo = NonNullable<ParamsOf<typeof keepAliveReport>['info']>;

/** How far the clock of a device was off when it was last compared with ours. */
const ClockStatus = Type.Object({
  /** Positive: the clock of the device was ahead. */
  offsetMs: Type.Number(),
  /** Of the way there and back. */
  delayMs: Type.Number(),
  source: TimeSource,
  measuredAt: Instant,
});
export type ClockStatus = Static<typeof ClockStatus>;

/** What the platform remembers of the state of a device, column `last_status`. */
const DeviceStatus = Type.Object({
  report: Type.Optional(KeepAliveStatus),
  battery: Type.Optional(BatteryState),
  clock: Type.Optional(ClockStatus),
  /** Whether the last presence event said `online`. */
  connected: Type.Optional(Type.Boolean()),
});
export type DeviceStatus = Static<typeof DeviceStatus>;

/** Rows of the table `device`, without what the tables of homes own. What devices tell at the same time shares commits. */
export class DeviceRecords {
  private readonly db: Db;
  private readonly commits: GroupCommit;
  /** Runs for every message of every device, so it is prepared once; what it finds is never kept. */
  private readonly findRow: FindRow<DeviceRow>;
  private readonly findCapabilities: FindRow<Pick<WholeDeviceRow, 'capabilities'>>;

  constructor({ db, rows, clock }: { readonly db: Db; readonly rows: Pick<RowReader, 'prepare'>; readonly clock: Clock }) {
    this.db = db;
    this.commits = new GroupCommit(db, clock);
    const one = db.selectFrom('device').where('id', '=', '');
    this.findRow = rows.prepare(one.select(messageColumns).compile());
    this.findCapabilities = rows.prepare(one.select('capabilities').compile());
  }

  /** The row as it was committed last. */
  find(deviceId: string): DeviceRow | undefined {
    return this.findRow([deviceId]);
  }

  /** What the device announced last, or `undefined` before it was asked. */
  capabilitiesOf(deviceId: string): CapabilitySet | undefined {
    const row = this.findCapabilities([deviceId]);
    return row && announcedIn(row);
  }

  /** @throws AppError NOT_FOUND unless the device belongs to that home */
  async ofHome(deviceId: string, homeId: string): Promise<WholeDeviceRow> {
    const found = this.db.selectFrom('device').selectAll().where('id', '=', deviceId).where('home_id', '=', homeId);
    return await found.executeTakeFirstOrThrow(() => new AppError('NOT_FOUND'));
  }

  /** Devices of homes that were connected when the platform last knew. */
  async connectedBefore(): Promise<readonly string[]> {
    const rows = await this.db.selectFrom('device').select(['id', 'last_status']).where('home_id', 'is not', null).execute();
    return rows.filter((row) => statusOf(row).connected === true).map((row) => row.id);
  }

  async rename(deviceId: string, name: string): Promise<void> {
    await this.change(deviceId, { name });
  }

  /** Writes what changed; returns whether anything did. */
  async updateInfo(device: DeviceRow, info: DeviceInfo): Promise<boolean> {
    const told = {
      firmware: info.firmware,
      hardware: info.hardware ?? device.hardware,
      model: info.model,
      channels: info.channels,
      config_version: info.configVersion,
      boot_id: info.bootId,
    };
    const names = Object.keys(told) as (keyof typeof told)[];
    if (names.every((name) => told[name] === device[name])) return false;
    await this.change(device.id, told);
    return true;
  }

  async setDisabled(deviceId: string, isDisabled: boolean): Promise<void> {
    await this.change(deviceId, { disabled: isDisabled ? 1 : 0 });
  }

  /** What the device can do and what it is set to are asked anew, when it comes back at the latest. */
  async distrust(deviceId: string): Promise<void> {
    await this.change(deviceId, { cap_hash: null, config_version: null });
  }

  async setCapabilities(deviceId: string, capabilities: CapabilitySet): Promise<void> {
    await this.change(deviceId, { capabilities: JSON.stringify(capabilities), cap_hash: capabilities.hash });
  }

  /** Merges `change` into the remembered state. */
  async changeStatus(deviceId: string, change: DeviceStatus): Promise<void> {
    await this.commits.run(async (tx) => {
      const row = await tx.selectFrom('device').select('last_status').where('id', '=', deviceId).executeTakeFirst();
      if (row === undefined) return;
      const last_status = JSON.stringify({ ...statusOf(row), ...change });
      await tx.updateTable('device').set({ last_status }).where('id', '=', deviceId).execute();
    });
  }

  /**
   * Ends the binding if the device still belongs to that home; tokens of the epoch before are dead. Returns whether it did.
   * Whoever binds it next could not enable it before.
   */
  async release(deviceId: string, homeId: string): Promise<boolean> {
    const released = await this.db
      .updateTable('device')
      .set(({ eb }) => ({
        ...{ home_id: null, binding_id: null, bound_at: null, bound_by: null, disabled: 0 },
        binding_epoch: eb('binding_epoch', '+', 1),
      }))
      .where('id', '=', deviceId)
      .where('home_id', '=', homeId)
      .executeTakeFirst();
    return released.numUpdatedRows > 0n;
  }

  private async change(deviceId: string, values: Updateable<Tables['device']>): Promise<void> {
    await this.commits.run((tx) => tx.updateTable('device').set(values).where('id', '=', deviceId).execute());
  }
}

export function statusOf({ last_status }: Pick<DeviceRow, 'last_status'>): DeviceStatus {
  const status: unknown = last_status === null ? {} : JSON.parse(last_status);
  return conforms(DeviceStatus, status) ? status : {};
}

/** What the device announced last, or `undefined` before it was asked. */
export function announcedIn({ capabilities }: Pick<WholeDeviceRow, 'capabilities'>): CapabilitySet | undefined {
  const set: unknown = capabilities === null ? undefined : JSON.parse(capabilities);
  return conforms(CapabilitySet, set) ? set : undefined;
}
