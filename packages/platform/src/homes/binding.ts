import type { BindingCode } from '@cardea/api';
import { AppError, type Clock, type Random } from '@cardea/core';
import type { Transaction } from 'kysely';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import type { HomeProof } from '../authorization/proof.ts';
import type { Db, Row, Tables } from '../store/ports.ts';
import { createBindingCode, hashBindingCode } from './binding-code.ts';
import { FailureLimiter, limitFailures } from './failure-limiter.ts';

const CODE_TTL_MS = 10 * 60_000;
/** Used and expired codes are kept a while, so that a late repeat is told apart from a wrong code. */
const CODE_KEEP_MS = 24 * 3_600_000;

/** That a device belongs to a home. */
export interface Binding {
  readonly bindingId: string;
  readonly homeId: string;
  readonly boundAt: number;
  /** The binding epoch from here on. */
  readonly epoch: number;
}

export interface BindingsOptions {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly caps?: Caps;
  /** Origin at which devices reach this platform. */
  readonly publicUrl: () => string;
  /** SHA-256 of the authority whose certificate the platform shows, hex, where devices have to be told. */
  readonly authority?: string | undefined;
}

/** How devices come to belong to homes: single-use codes (H.627.2 9.3.2.2, binding report). */
export class Bindings {
  private readonly db: Db;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly caps: Caps;
  private readonly publicUrl: () => string;
  private readonly authority: string | undefined;
  private readonly guesses: FailureLimiter;

  constructor({ caps = defaultCaps, db, clock, random, publicUrl, authority }: BindingsOptions) {
    this.caps = caps;
    this.authority = authority;
    this.db = db;
    this.clock = clock;
    this.random = random;
    this.publicUrl = publicUrl;
    this.guesses = new FailureLimiter({ clock, db }, { name: 'binding code', maxFailures: 10, windowMs: 15 * 60_000 });
  }

  /** A code with which one device can join the home within ten minutes. @throws AppError LIMIT_EXCEEDED, also where the home is full */
  async createCode({ homeId, principal }: HomeProof<'manage'>): Promise<BindingCode> {
    const now = this.clock.now();
    const code = createBindingCode(this.random);
    const expiresAt = now + CODE_TTL_MS;
    await this.db.transaction().execute(async (tx) => {
      const { open } = await tx
        .selectFrom('binding_code')
        .select(({ fn }) => fn.countAll<number>().as('open'))
        .where('home_id', '=', homeId)
        .where('used_at', 'is', null)
        .where('expires_at', '>', now)
        .executeTakeFirstOrThrow();
      assertRoomFor('bindingCodesPerHome', this.caps, open);
      assertRoomFor('devicesPerHome', this.caps, await devicesOf(tx, homeId));
      await tx
        .insertInto('binding_code')
        .values({ code_hash: hashBindingCode(code), home_id: homeId, created_by: principal.userId, created_at: now, expires_at: expiresAt })
        .execute();
    });
    const { authority } = this;
    const told = new URLSearchParams({ platform: this.publicUrl(), code });
    if (authority !== undefined) told.set('ca', authority);
    return { code, expiresAt, qr: `cardea:bind?${told}`, ...(authority !== undefined && { caFingerprint: authority }) };
  }

  /**
   * Binds a device to the home of `code`, in one transaction: of many devices with the same code exactly one wins.
   * A device that belongs to that home already succeeds again and the code stays unused (M28).
   * @throws AppError UNAUTHORIZED when the code is wrong, used or expired; ALREADY_ACTIVE when the device belongs to another
   *   home; LIMIT_EXCEEDED where the home is full; RATE_LIMITED after ten wrong codes in 15 minutes
   */
  async claim(code: string, { deviceId }: { readonly deviceId: string }): Promise<Binding> {
    const guess = { limiter: this.guesses, key: deviceId, forgives: true };
    return await limitFailures([guess], () => this.db.transaction().execute((tx) => this.bind(tx, hashBindingCode(code), deviceId)));
  }

  /** Removes codes that nobody can ask about any more; call now and then. */
  async purgeExpired(): Promise<void> {
    await this.db
      .deleteFrom('binding_code')
      .where('expires_at', '<', this.clock.now() - CODE_KEEP_MS)
      .execute();
  }

  private async bind(tx: Transaction<Tables>, codeHash: string, deviceId: string): Promise<Binding> {
    const code = await tx.selectFrom('binding_code').selectAll().where('code_hash', '=', codeHash).executeTakeFirst();
    if (code === undefined) throw new AppError('UNAUTHORIZED');
    const device = await tx
      .selectFrom('device')
      .select(['home_id', 'binding_id', 'bound_at', 'binding_epoch'])
      .where('id', '=', deviceId)
      .executeTakeFirst();
    if (device === undefined) throw new AppError('UNAUTHORIZED');
    if (device.home_id === code.home_id) return existing(device, code.home_id);
    assertRoomFor('devicesPerHome', this.caps, await devicesOf(tx, code.home_id));
    const now = this.clock.now();
    const { numUpdatedRows } = await tx
      .updateTable('binding_code')
      .set({ used_at: now, used_by: deviceId })
      .where('code_hash', '=', codeHash)
      .where('used_at', 'is', null)
      .where('expires_at', '>', now)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw new AppError('UNAUTHORIZED');
    const binding = { bindingId: this.random.ulid(), homeId: code.home_id, boundAt: now, epoch: device.binding_epoch + 1 };
    await this.join(tx, deviceId, { ...binding, boundBy: code.created_by });
    return binding;
  }

  private async join(tx: Transaction<Tables>, deviceId: string, binding: Binding & { readonly boundBy: string }): Promise<void> {
    const { numUpdatedRows } = await tx
      .updateTable('device')
      .set({
        home_id: binding.homeId,
        binding_id: binding.bindingId,
        bound_at: binding.boundAt,
        bound_by: binding.boundBy,
        binding_epoch: binding.epoch,
      })
      .where('id', '=', deviceId)
      .where('home_id', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows !== 1n) throw new AppError('ALREADY_ACTIVE', undefined, { message: 'the device belongs to another home' });
  }
}

async function devicesOf(db: Db, homeId: string): Promise<number> {
  const count = db.selectFrom('device').select(({ fn }) => fn.countAll<number>().as('devices'));
  return (await count.where('home_id', '=', homeId).executeTakeFirstOrThrow()).devices;
}

function existing(device: Pick<Row<'device'>, 'binding_id' | 'bound_at' | 'binding_epoch'>, homeId: string): Binding {
  return { bindingId: device.binding_id ?? '', homeId, boundAt: device.bound_at ?? 0, epoch: device.binding_epoch };
}
