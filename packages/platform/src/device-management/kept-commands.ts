import { AppError, type Clock, type Random } from '@cardea/core';
import { type ParamsOf, type RpcDefinition, validateParams, vdMessageOf } from '@cardea/protocol';
import type { Db } from '../store/ports.ts';
import type { DeviceRow } from './device-records.ts';

export interface KeptCommand {
  readonly id: string;
  readonly definition: RpcDefinition;
  readonly params: ParamsOf<RpcDefinition>;
}

/** More changes than anybody makes by hand while a device sleeps. */
const MAX_PER_DEVICE = 64;

/** Commands that wait for a sleeping device to wake, in the store: they outlive a restart of the platform (C11 step 3). */
export class KeptCommands {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly random: Random;

  constructor({ db, clock, random }: { readonly db: Db; readonly clock: Clock; readonly random: Random }) {
    this.db = db;
    this.clock = clock;
    this.random = random;
  }

  /** Resolves when the command is durable. @throws AppError LIMIT_EXCEEDED when too many wait for that device already */
  async keep(device: DeviceRow, definition: RpcDefinition, params: object): Promise<{ readonly id: string; readonly expiresAt: number }> {
    const now = this.clock.now();
    const id = this.random.ulid();
    const expiresAt = now + (definition.queueMs ?? 0);
    await this.db.transaction().execute(async (tx) => {
      await tx.deleteFrom('kept_command').where('expires_at', '<=', now).execute();
      const { count } = await tx
        .selectFrom('kept_command')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('device_id', '=', device.id)
        .executeTakeFirstOrThrow();
      if (Number(count) >= MAX_PER_DEVICE) throw new AppError('LIMIT_EXCEEDED', { waiting: MAX_PER_DEVICE });
      await tx
        .insertInto('kept_command')
        .values({
          id,
          device_id: device.id,
          home_id: device.home_id ?? '',
          method: definition.method,
          params: JSON.stringify(params),
          kept_at: now,
          expires_at: expiresAt,
        })
        .execute();
    });
    return { id, expiresAt };
  }

  /** What waits for the device, oldest first; what was meant for a home it has left is not among it. */
  async of(device: DeviceRow): Promise<readonly KeptCommand[]> {
    const rows = await this.db
      .selectFrom('kept_command')
      .select(['id', 'method', 'params'])
      .where('device_id', '=', device.id)
      .where('home_id', '=', device.home_id ?? '')
      .where('expires_at', '>', this.clock.now())
      .orderBy('id')
      .execute();
    return rows.flatMap(({ id, method, params }) => {
      const definition: RpcDefinition | undefined = vdMessageOf(method);
      const checked = definition && validateParams(definition, JSON.parse(params));
      return definition !== undefined && checked?.ok === true ? [{ id, definition, params: checked.value }] : [];
    });
  }

  async remove(id: string): Promise<void> {
    await this.db.deleteFrom('kept_command').where('id', '=', id).execute();
  }

  async removeAll(deviceId: string): Promise<void> {
    await this.db.deleteFrom('kept_command').where('device_id', '=', deviceId).execute();
  }

  /** Devices for which something waits. */
  async devices(): Promise<readonly string[]> {
    const rows = await this.db.selectFrom('kept_command').select('device_id').distinct().execute();
    return rows.map((row) => row.device_id);
  }
}
