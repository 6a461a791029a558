import { type Campaign, type CampaignRequest, UpgradeState } from '@cardea/api';
import { AppError, type Clock, hasStatus, type Logger, type Random } from '@cardea/core';
import { conforms } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Principal } from '../authorization/proof.ts';
import type { Db, Row } from '../store/ports.ts';
import { DEFAULT_HALT_AT_FAILURE_PCT, judgeWave, waveSizes } from './campaign-waves.ts';
import type { FirmwareCatalogue, FirmwareRow } from './firmware-catalogue.ts';
import { hasEnded, hasFailed, type TaskRow } from './upgrade-state.ts';
import { newTask, type UpgradeTasks } from './upgrade-tasks.ts';

export interface CampaignsOptions {
  readonly db: Db;
  readonly authorizer: Authorizer;
  readonly catalogue: FirmwareCatalogue;
  readonly tasks: UpgradeTasks;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

type CampaignRow = Row<'firmware_campaign'>;

/** Devices that are asked at the same time. */
const PARALLEL = 16;
const LIST_LIMIT = 100;

/** Firmware rolled out in waves: a canary first, then more and more devices, and a halt when too many fail. */
export class Campaigns {
  private readonly options: CampaignsOptions;

  constructor(options: CampaignsOptions) {
    this.options = options;
  }

  /** @throws AppError FORBIDDEN (with `stepUp`) | NOT_FOUND | INVALID_PARAMS (the waves) | INVALID_STATE when no device needs it */
  async create(principal: Principal, request: CampaignRequest): Promise<Campaign> {
    const { authorizer, catalogue, clock, db, random } = this.options;
    authorizer.assertFresh(principal);
    const firmware = await catalogue.find(principal, request.firmwareId);
    const devices = await this.devicesFor(principal, firmware, request.deviceIds);
    const sizes = waveSizes(devices.length, request);
    const now = clock.now();
    const campaign: CampaignRow = {
      id: random.ulid(),
      firmware_id: firmware.id,
      created_by: principal.userId,
      state: 'running',
      wave: 0,
      halt_at_failure_pct: request.haltAtFailurePct ?? DEFAULT_HALT_AT_FAILURE_PCT,
      created_at: now,
      ended_at: null,
    };
    const waveOf = sizes.flatMap((size, wave) => Array.from({ length: size }, () => wave));
    await db.transaction().execute(async (tx) => {
      await tx.insertInto('firmware_campaign').values(campaign).execute();
      for (const [index, device] of devices.entries()) {
        const task = newTask({ id: random.ulid(), ...device, version: firmware.version, now });
        await tx
          .insertInto('firmware_task')
          .values({ ...task, campaign_id: campaign.id, wave: waveOf[index] ?? 0 })
          .execute();
      }
    });
    return await this.show(principal, campaign, firmware);
  }

  /** The newest of the homes the user manages, newest first. */
  async list(principal: Principal): Promise<readonly Campaign[]> {
    const { catalogue, db } = this.options;
    const ids = (await catalogue.list(principal)).map(({ id }) => id);
    if (ids.length === 0) return [];
    const campaigns = await db
      .selectFrom('firmware_campaign')
      .selectAll()
      .where('firmware_id', 'in', ids)
      .orderBy('id', 'desc')
      .limit(LIST_LIMIT)
      .execute();
    const shown: Campaign[] = [];
    for (const campaign of campaigns) {
      shown.push(await this.show(principal, campaign, await catalogue.find(principal, campaign.firmware_id)));
    }
    return shown;
  }

  /** Asks nobody else; one that has ended stays as it is. @throws AppError NOT_FOUND as `get` */
  async stop(principal: Principal, campaignId: string): Promise<Campaign> {
    const { state } = await this.get(principal, campaignId);
    const campaign = await this.find(campaignId);
    if (state === 'running' && campaign !== undefined)
      await this.halt(campaign, await this.tasksOf(campaignId), 'somebody stopped the campaign');
    return await this.get(principal, campaignId);
  }

  /** @throws AppError NOT_FOUND unless the user manages the home that keeps the firmware */
  async get(principal: Principal, campaignId: string): Promise<Campaign> {
    const campaign = await this.find(campaignId);
    if (campaign === undefined) throw new AppError('NOT_FOUND');
    return await this.show(principal, campaign, await this.options.catalogue.find(principal, campaign.firmware_id));
  }

  /** Takes every running campaign as far as it goes now. */
  async advance(signal: AbortSignal): Promise<void> {
    const { db, logger } = this.options;
    for (const { id } of await db.selectFrom('firmware_campaign').select('id').where('state', '=', 'running').execute()) {
      await this.advanceOne(id, signal).catch((error: unknown) => logger.warn({ err: error, campaignId: id }, 'a campaign is held up'));
    }
  }

  private async advanceOne(campaignId: string, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const campaign = await this.find(campaignId);
      if (campaign?.state !== 'running') return;
      const tasks = await this.tasksOf(campaignId);
      const wave = tasks.filter((task) => task.wave === campaign.wave);
      const verdict = wave.length === 0 ? 'next' : judgeWave(wave, campaign.halt_at_failure_pct);
      if (verdict === 'halt') return await this.halt(campaign, tasks, 'too many upgrades of a wave failed; the campaign halts');
      const waiting = wave.filter(({ state }) => state === 'pending').slice(0, PARALLEL);
      if (verdict === 'next') await this.goOn(campaign, tasks);
      else if (waiting.length === 0) return;
      else if ((await this.startSome(campaign, waiting, signal)) === 0) return;
    }
  }

  /** Returns how many are not waiting any more. */
  private async startSome({ created_by, firmware_id }: CampaignRow, waiting: readonly TaskRow[], signal: AbortSignal): Promise<number> {
    const { catalogue, tasks } = this.options;
    const firmware = await catalogue.byId(firmware_id);
    if (firmware === undefined) throw new AppError('NOT_FOUND');
    await Promise.all(
      waiting.map(async (task) => {
        // The right is read again: the one who started this may have lost it.
        if (await this.mayStill(created_by, task.device_id))
          await tasks.start(task, await catalogue.offer(firmware, task.device_id), signal);
        else await tasks.skip(task, 'FORBIDDEN');
      }),
    );
    const now = await Promise.all(waiting.map(({ id }) => tasks.find(id)));
    return now.filter((task) => task?.state !== 'pending').length;
  }

  private async goOn({ id, wave }: CampaignRow, tasks: readonly TaskRow[]): Promise<void> {
    const { clock, db } = this.options;
    const last = Math.max(...tasks.map((task) => task.wave ?? 0));
    const change = wave < last ? { wave: wave + 1 } : { state: 'done' as const, ended_at: clock.now() };
    await db.updateTable('firmware_campaign').set(change).where('id', '=', id).execute();
  }

  /** Whoever was asked goes on by itself; nobody else is asked. */
  private async halt({ id, wave }: CampaignRow, tasks: readonly TaskRow[], reason: string): Promise<void> {
    const { clock, db, logger } = this.options;
    logger.warn({ campaignId: id, wave }, reason);
    await db.updateTable('firmware_campaign').set({ state: 'halted', ended_at: clock.now() }).where('id', '=', id).execute();
    for (const task of tasks.filter(({ state }) => state === 'pending')) await this.options.tasks.skip(task, 'CANCELLED');
  }

  private async mayStill(userId: string, deviceId: string): Promise<boolean> {
    try {
      await this.options.authorizer.device({ userId, userSessionId: '', authenticatedAt: 0 }, 'manage', deviceId);
      return true;
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND', 'FORBIDDEN')) return false;
      throw error;
    }
  }

  private async devicesFor(
    principal: Principal,
    { model, version }: FirmwareRow,
    deviceIds: readonly string[] | undefined,
  ): Promise<readonly { readonly deviceId: string; readonly homeId: string }[]> {
    const managed = await this.options.authorizer.devices(principal, 'manage');
    const wanted = deviceIds === undefined ? managed : managed.filter(({ deviceId }) => deviceIds.includes(deviceId));
    if (deviceIds !== undefined && wanted.length < new Set(deviceIds).size) throw new AppError('NOT_FOUND');
    const rows = await this.options.db
      .selectFrom('device')
      .select('id')
      .where('model', '=', model)
      .where('firmware', '!=', version)
      .execute();
    const needing = new Set(rows.map(({ id }) => id));
    const devices = wanted.filter(({ deviceId }) => needing.has(deviceId)).map(({ deviceId, homeId }) => ({ deviceId, homeId }));
    if (devices.length === 0) throw new AppError('INVALID_STATE', undefined, { message: 'no device of this model needs that version' });
    return devices;
  }

  private async show(principal: Principal, campaign: CampaignRow, { id, model, version }: FirmwareRow): Promise<Campaign> {
    const tasks = await this.tasksOf(campaign.id);
    const visible = new Set((await this.options.authorizer.devices(principal, 'manage')).map(({ deviceId }) => deviceId));
    const waves = Math.max(...tasks.map((task) => task.wave ?? 0)) + 1;
    return {
      id: campaign.id,
      firmwareId: id,
      model,
      version,
      state: campaign.state,
      wave: campaign.wave,
      haltAtFailurePct: campaign.halt_at_failure_pct,
      createdAt: campaign.created_at,
      ...(campaign.ended_at !== null && { endedAt: campaign.ended_at }),
      waves: Array.from({ length: waves }, (_, wave) => countsOf(tasks.filter((task) => task.wave === wave))),
      devices: tasks.filter(({ device_id }) => visible.has(device_id)).map(presentTask),
    };
  }

  private find(campaignId: string): Promise<CampaignRow | undefined> {
    return this.options.db.selectFrom('firmware_campaign').selectAll().where('id', '=', campaignId).executeTakeFirst();
  }

  private tasksOf(campaignId: string): Promise<TaskRow[]> {
    return this.options.db
      .selectFrom('firmware_task')
      .selectAll()
      .where('campaign_id', '=', campaignId)
      .orderBy('wave')
      .orderBy('id')
      .execute();
  }
}

function countsOf(tasks: readonly TaskRow[]): Campaign['waves'][number] {
  const count = (holds: (task: TaskRow) => boolean): number => tasks.filter(holds).length;
  return {
    devices: tasks.length,
    open: count((task) => !hasEnded(task)),
    succeeded: count(({ state }) => state === 'succeeded'),
    failed: count(hasFailed),
    skipped: count(({ state }) => state === 'skipped' || state === 'cancelled'),
  };
}

function presentTask({ id, device_id, wave, state, progress_pct, error_code, error_name }: TaskRow): Campaign['devices'][number] {
  const error = error_code !== null && error_name !== null ? { error: { code: error_code, name: error_name } } : {};
  const shown = conforms(UpgradeState, state) ? state : 'pending';
  return { deviceId: device_id, taskId: id, wave: wave ?? 0, state: shown, progressPct: progress_pct, ...error };
}
