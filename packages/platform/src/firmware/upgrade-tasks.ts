import type { UpgradeState } from '@cardea/api';
import { AppError, type Clock, hasStatus, type Logger } from '@cardea/core';
import { conforms, queryDeviceStatus, queryUpgradingStatus, type StatusName, UpgradeStatus, upgradeFirmware } from '@cardea/protocol';
import type { Db } from '../store/ports.ts';
import type { ImageOffer } from './firmware-catalogue.ts';
import type { DeviceMessages, DeviceNotices } from './ports.ts';
import { hasEnded, overdueState, stateAfter, type TaskRow } from './upgrade-state.ts';

export interface UpgradeTasksOptions {
  readonly db: Db;
  readonly devices: DeviceMessages;
  readonly notices: DeviceNotices;
  readonly clock: Clock;
  readonly logger: Logger;
}

type TaskChange = Partial<
  Pick<TaskRow, 'state' | 'progress_pct' | 'error_code' | 'error_name' | 'recorded' | 'expected_down_sec' | 'heard_at'>
>;

/** Of a device that did not say. */
const EXPECTED_DOWN_SEC = 90;
/** The device is not to blame, or not now: it is left as it is. */
const skippable: readonly StatusName[] = [
  'UP_TO_DATE',
  'UPGRADE_IN_PROGRESS',
  'LOW_BATTERY',
  'BUSY',
  'DEVICE_OFFLINE',
  'DEVICE_ASLEEP',
  'NOT_SUPPORTED',
  'METHOD_NOT_FOUND',
  'NOT_FOUND',
  'FORBIDDEN',
];
/** The device may have got it; asking again with the same task is harmless. */
const unclear: readonly StatusName[] = ['TIMEOUT', 'GOING_AWAY', 'CANCELLED', 'RATE_LIMITED', 'LIMIT_EXCEEDED'];

/** Upgrades of single devices: asked for, followed by what the device says, and judged when it came back or did not. */
export class UpgradeTasks {
  private readonly options: UpgradeTasksOptions;

  constructor(options: UpgradeTasksOptions) {
    this.options = options;
  }

  /** Everything that was asked for and has not ended. */
  open(): Promise<readonly TaskRow[]> {
    return this.options.db.selectFrom('firmware_task').selectAll().where('ended_at', 'is', null).where('state', '!=', 'pending').execute();
  }

  find(taskId: string): Promise<TaskRow | undefined> {
    return this.options.db.selectFrom('firmware_task').selectAll().where('id', '=', taskId).executeTakeFirst();
  }

  /** Takes what a device told by itself. An upgrade a user started is known from then on. */
  async report(device: { readonly deviceId: string; readonly homeId: string }, status: UpgradeStatus): Promise<void> {
    const { taskId, targetVersion } = status;
    if (taskId === undefined || targetVersion === undefined) return;
    const known = await this.find(taskId);
    if (known?.device_id === device.deviceId) return await this.apply(known, status);
    if (known !== undefined) return;
    const { db, clock } = this.options;
    const row: TaskRow = { ...newTask({ id: taskId, ...device, version: targetVersion, now: clock.now() }), state: 'accepted' };
    await db
      .insertInto('firmware_task')
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await this.apply(row, status);
  }

  /** Asks the device. Whatever comes of it is in its row; an unclear outcome leaves it as it is, to be asked again. */
  async start(task: TaskRow, offer: ImageOffer, signal: AbortSignal): Promise<void> {
    const { devices, logger, clock } = this.options;
    try {
      const recorded = JSON.stringify(await this.recordingChannels(task.device_id, signal));
      await this.change(task, { recorded, heard_at: task.heard_at ?? clock.now() });
      const { expectedDownTimeSec = EXPECTED_DOWN_SEC } = await devices.send(
        task.device_id,
        upgradeFirmware,
        { taskId: task.id, ...offer },
        { signal },
      );
      const now = await this.find(task.id);
      if (now !== undefined && !hasEnded(now)) {
        await this.change(now, {
          expected_down_sec: expectedDownTimeSec,
          ...(now.state === 'pending' && { state: 'accepted' }),
          heard_at: clock.now(),
        });
      }
    } catch (thrown) {
      const error = AppError.from(thrown);
      logger.info({ err: error, deviceId: task.device_id }, 'a device was not upgraded');
      if (!hasStatus(error, ...unclear)) await this.end(task, hasStatus(error, ...skippable) ? 'skipped' : 'failed', error);
    }
  }

  /** Asks how far the device is and judges what came of it. */
  async follow(taskId: string, signal: AbortSignal): Promise<void> {
    const task = await this.find(taskId);
    if (task === undefined || hasEnded(task)) return;
    if (this.options.devices.isOnline(task.device_id)) await this.ask(task, signal);
    const now = await this.find(taskId);
    if (now === undefined || hasEnded(now)) return;
    if (now.state === 'checking' && (await this.isHealthy(now, signal)))
      return await this.change(now, { state: 'succeeded', progress_pct: 100 });
    const overdue = overdueState(now, this.options.clock.now());
    if (overdue === 'failed') await this.end(now, 'failed', new AppError('BOOT_CHECK_FAILED'));
    if (overdue === 'lost') await this.lose(now);
  }

  /** Leaves a device alone that was not asked yet. */
  async skip(task: TaskRow, reason: StatusName): Promise<void> {
    await this.end(task, 'skipped', new AppError(reason));
  }

  private async ask(task: TaskRow, signal: AbortSignal): Promise<void> {
    const { clock, devices, logger } = this.options;
    try {
      const status = await devices.send(task.device_id, queryUpgradingStatus, { taskId: task.id }, { signal });
      await this.apply((await this.find(task.id)) ?? task, status);
    } catch (error) {
      if (!hasStatus(error, 'NOT_SUPPORTED', 'METHOD_NOT_FOUND')) {
        logger.debug({ err: error, deviceId: task.device_id }, 'a device did not say how far its upgrade is');
        return;
      }
      // The version it gave at its start has to do.
      const { db } = this.options;
      const device = await db.selectFrom('device').select('firmware').where('id', '=', task.device_id).executeTakeFirst();
      if (device?.firmware === task.version && task.state !== 'checking')
        await this.change(task, { state: 'checking', heard_at: clock.now() });
    }
  }

  private async apply(task: TaskRow, status: UpgradeStatus): Promise<void> {
    const state = stateAfter(task, status);
    if (hasEnded(task) || state === undefined) return;
    const { code = null, name = null } = status.error ?? {};
    const change = { progress_pct: status.progressPct, error_code: code, error_name: name, heard_at: this.options.clock.now() };
    await this.change(task, { ...change, state });
  }

  /** It is online, and what recorded before records again. */
  private async isHealthy({ device_id, recorded }: TaskRow, signal: AbortSignal): Promise<boolean> {
    if (!this.options.devices.isOnline(device_id)) return false;
    const before: unknown = recorded === null ? [] : JSON.parse(recorded);
    if (!Array.isArray(before) || before.length === 0) return true;
    const now = await this.recordingChannels(device_id, signal).catch((): readonly number[] => []);
    return before.every((channel) => now.some((active) => active === channel));
  }

  private async recordingChannels(deviceId: string, signal: AbortSignal): Promise<readonly number[]> {
    try {
      const { channels } = await this.options.devices.send(deviceId, queryDeviceStatus, {}, { signal });
      return channels.filter(({ recording }) => recording.active).map(({ channel }) => channel);
    } catch (error) {
      if (hasStatus(error, 'NOT_SUPPORTED', 'METHOD_NOT_FOUND')) return [];
      throw error;
    }
  }

  private async lose(task: TaskRow): Promise<void> {
    const { clock, notices } = this.options;
    await this.end(task, 'lost', new AppError('DEVICE_OFFLINE'));
    const text = `silent since the upgrade to ${task.version}`;
    await notices.note(task.device_id, task.home_id, { type: 'firmware', text, occurredAt: clock.now() });
  }

  private async end(task: TaskRow, state: UpgradeState, { code, status }: AppError): Promise<void> {
    await this.change(task, { state, error_code: code, error_name: status });
  }

  private async change(task: TaskRow, change: TaskChange): Promise<void> {
    const { clock, db } = this.options;
    const now = clock.now();
    const state = change.state ?? task.state;
    await db
      .updateTable('firmware_task')
      .set({ ...change, ...(state !== task.state && { changed_at: now }), ...(hasEnded({ state }) && { ended_at: now }) })
      .where('id', '=', task.id)
      .where('ended_at', 'is', null)
      .execute();
  }
}

/** What a `firmware` event of a device says. */
export function statusIn(params: unknown): UpgradeStatus | undefined {
  return conforms(UpgradeStatus, params) ? params : undefined;
}

/** The row of an upgrade that has not been asked for. */
export function newTask({
  id,
  deviceId,
  homeId,
  version,
  now,
}: {
  readonly id: string;
  readonly deviceId: string;
  readonly homeId: string;
  readonly version: string;
  readonly now: number;
}): TaskRow {
  return {
    id,
    device_id: deviceId,
    home_id: homeId,
    campaign_id: null,
    wave: null,
    version,
    state: 'pending',
    progress_pct: 0,
    error_code: null,
    error_name: null,
    recorded: null,
    expected_down_sec: EXPECTED_DOWN_SEC,
    heard_at: null,
    changed_at: now,
    created_at: now,
    ended_at: null,
  };
}
