import { AppError, type Clock, type Random } from '@cardea/core';
import type { Db } from '../store/ports.ts';
import { GroupCommit } from '../store/sql/group-commit.ts';
import type { IdentityProof } from './identity-proof.ts';
import type { ScheduleRequest } from './scheduling-service.ts';

/** A device that may come in, and the schedule it comes in with. */
export interface AdmittedDevice {
  readonly deviceId: string;
  readonly scheduleId: string;
  readonly bound: boolean;
  readonly epoch: number;
}

/** What a device asked for, and the key it proved to hold. */
export interface ScheduleWish {
  readonly request: ScheduleRequest;
  /** SHA-256 of the request, hex. */
  readonly requestHash: string;
  /** Raw, base64url. */
  readonly publicKey: string;
}

interface ScheduleRegisterOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly admits: (deviceId: string) => boolean;
}

/** The durable side of scheduling: used proofs, known devices, living schedules. Devices that come together share commits. */
export class ScheduleRegister {
  private readonly options: ScheduleRegisterOptions;
  private readonly commits: GroupCommit;

  constructor(options: ScheduleRegisterOptions) {
    this.options = options;
    this.commits = new GroupCommit(options.db, options.clock);
  }

  /** Remembers that a proof was shown. @throws AppError AUTH_INVALID when it was shown before */
  async useProof({ deviceId, jti, refusedFrom }: IdentityProof): Promise<void> {
    const inserted = await this.commits.run((tx) =>
      tx
        .insertInto('used_proof')
        .values({ device_id: deviceId, jti, refused_from: refusedFrom })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow(),
    );
    if (inserted.numInsertedOrUpdatedRows === 0n) throw new AppError('AUTH_INVALID', { reason: 'used' });
  }

  /**
   * Lets the device in and gives it the schedule of this request: a new one, or the one made when it asked the same before.
   * @throws AppError UNKNOWN_DEVICE | DEVICE_DISABLED | DUPLICATE
   */
  async admit(wish: ScheduleWish, ttlMs: number): Promise<AdmittedDevice> {
    const { request, requestHash } = wish;
    return this.commits.run(async (tx) => {
      const { home_id, binding_epoch } = await this.admitDevice(tx, wish);
      const now = this.options.clock.now();
      const schedule = await tx
        .insertInto('schedule')
        .values({
          id: this.options.random.ulid(),
          device_id: request.deviceId,
          request_id: request.requestId,
          request_hash: requestHash,
          created_at: now,
          expires_at: now + ttlMs,
          released_at: null,
        })
        .onConflict((conflict) =>
          conflict
            .columns(['device_id', 'request_id'])
            .doUpdateSet({ expires_at: now + ttlMs, released_at: null })
            .where('schedule.request_hash', '=', requestHash),
        )
        .returning('id')
        .executeTakeFirst();
      if (schedule === undefined) throw new AppError('DUPLICATE', { requestId: request.requestId });
      return { deviceId: request.deviceId, scheduleId: schedule.id, bound: home_id !== null, epoch: binding_epoch };
    });
  }

  /** @throws AppError NOT_FOUND when the device has no such schedule */
  async release(deviceId: string, scheduleId: string): Promise<void> {
    const released = await this.options.db
      .updateTable('schedule')
      .set({ released_at: this.options.clock.now() })
      .where('id', '=', scheduleId)
      .where('device_id', '=', deviceId)
      .executeTakeFirst();
    if (released.numUpdatedRows === 0n) throw new AppError('NOT_FOUND');
  }

  /** Forgets proofs that would be refused by their time, dead schedules, and devices that were never bound and stay away. */
  async purge(): Promise<void> {
    const { clock, db } = this.options;
    const now = clock.now();
    await db.deleteFrom('used_proof').where('refused_from', '<=', now).execute();
    await db.deleteFrom('schedule').where('expires_at', '<=', now).execute();
    await db
      .deleteFrom('device')
      .where('home_id', 'is', null)
      .where('binding_epoch', '=', 0)
      .where('disabled', '=', 0)
      .where(({ exists, not, selectFrom }) =>
        not(exists(selectFrom('schedule').select('schedule.id').whereRef('schedule.device_id', '=', 'device.id'))),
      )
      .execute();
  }

  private async admitDevice(
    tx: Db,
    { request, publicKey }: ScheduleWish,
  ): Promise<{ readonly home_id: string | null; readonly binding_epoch: number }> {
    const known = await tx.selectFrom('device').select(['home_id', 'disabled']).where('id', '=', request.deviceId).executeTakeFirst();
    if (known?.disabled === 1) throw new AppError('DEVICE_DISABLED');
    const bound = known !== undefined && known.home_id !== null;
    if (!bound && !this.options.admits(request.deviceId)) throw new AppError('UNKNOWN_DEVICE');
    const told = {
      vendor: request.vendor,
      model: request.model,
      serial: request.serial,
      firmware: request.firmware,
      hardware: request.hardware ?? null,
      channels: request.channels ?? 1,
      low_power: request.lowPower === true ? 1 : 0,
      public_key: publicKey,
    };
    return tx
      .insertInto('device')
      .values({ id: request.deviceId, name: request.model, disabled: 0, binding_epoch: 0, created_at: this.options.clock.now(), ...told })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(told))
      .returning(['home_id', 'binding_epoch'])
      .executeTakeFirstOrThrow();
  }
}
