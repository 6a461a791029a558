import type { Readable } from 'node:stream';
import { AppError, type Clock, Lifetime, type Logger, type Random, sleep } from '@cardea/core';
import type { UploadTicket } from '@cardea/protocol';
import type { Bus, Db, ObjectStore, ReceivedObject, Row } from '../store/ports.ts';
import { type UploadKind, type UploadRight, UploadTickets, type UploadTicketsOptions, uploadKinds } from './upload-tickets.ts';

export interface UploadsOptions extends UploadTicketsOptions {
  readonly db: Db;
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** How long objects are kept, by kind. */
  readonly keepMs?: Readonly<Partial<Record<UploadKind, number>>>;
}

/** What to allow; the binding it holds under is the one of this moment. */
export type TicketRequest = Omit<UploadRight, 'epoch'> & {
  readonly ttlMs: number;
};

/** A small object that is stored. */
export interface StoredUpload {
  /** The id of its ticket. */
  readonly id: string;
  readonly kind: UploadKind;
  readonly homeId: string;
  readonly deviceId: string;
  readonly reference: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly storedAt: number;
}

/** Bytes of a request, and how many there are if it says so. */
export interface IncomingObject {
  readonly source: Readable;
  readonly declaredBytes: number | undefined;
}

export type StoredListener = (stored: StoredUpload) => Promise<void>;

const DAY_MS = 24 * 60 * 60_000;
const KEEP_MS = { snapshot: 30 * DAY_MS, log: 14 * DAY_MS } satisfies Record<UploadKind, number>;
const SWEEP_MS = 60 * 60_000;
const SWEEP_BATCH = 100;
const LIST_LIMIT = 500;
const MAX_PER_DEVICE = 4;
const BUSY_RETRY_MS = 1_000;
/** A small object either comes quickly or not at all. */
const RECEIVE_MS = 60_000;

/**
 * Small objects of devices: snapshots and logs. Whoever needs one gives the device a ticket; the device puts the bytes
 * there; they are durable and listed before it gets its answer, and the listener of the kind has run.
 */
export class Uploads implements AsyncDisposable {
  private readonly options: UploadsOptions;
  private readonly tickets: UploadTickets;
  private readonly listeners = new Map<UploadKind, StoredListener>();
  /** What comes in, by device. */
  private readonly running = new Map<string, Set<Readable>>();
  private readonly lifetime: Lifetime;

  constructor(options: UploadsOptions) {
    this.options = options;
    this.tickets = new UploadTickets(options);
    this.lifetime = new Lifetime(options.logger);
  }

  /** Begins to remove what is older than it is kept, and to break off what a device sends when it leaves its home. */
  start(): void {
    const revocations = this.options.bus.subscribe('revoked', ({ scope, id }) => {
      if (scope === 'device') for (const source of this.running.get(id) ?? []) source.destroy(new AppError('FORBIDDEN'));
    });
    this.lifetime.own(revocations);
    this.lifetime.run('sweep of uploads', (signal) => this.sweepOften(signal));
  }

  /** Allows a device to put one object. @throws AppError NOT_BOUND unless the device belongs to that home */
  async mint({ ttlMs, ...right }: TicketRequest): Promise<UploadTicket> {
    const epoch = await this.epochOf(right);
    if (epoch === undefined) throw new AppError('NOT_BOUND');
    return this.tickets.issue({ ...right, epoch }, ttlMs);
  }

  /**
   * Calls `listener` for every object of the kind once it is durable, before the device has its answer. A device repeats
   * an upload whose answer it missed, and so the call; a listener has to bear that.
   */
  onStored(kind: UploadKind, listener: StoredListener): void {
    this.listeners.set(kind, listener);
  }

  /**
   * Takes the bytes of a ticket. The first whole object stands; the same again is confirmed again.
   * @throws AppError FORBIDDEN | TICKET_EXPIRED | TOO_LARGE | LIMIT_EXCEEDED | DUPLICATE when other bytes are there already |
   * as `ObjectStore.receive`
   */
  async receive(ticketId: string, query: URLSearchParams, { source, declaredBytes = 0 }: IncomingObject): Promise<StoredUpload> {
    const right = this.tickets.verify(ticketId, query);
    await this.assertStillAllowed(right);
    if (declaredBytes > right.maxBytes) throw new AppError('TOO_LARGE', { maxBytes: right.maxBytes });
    const key = objectKey(right, ticketId);
    const received = await this.take(key, right, source);
    await this.assertStillAllowed(right).catch(async (error: unknown) => {
      await this.options.objects.discard(received.uploadKey);
      throw error;
    });
    const stored = await this.keep(ticketId, right, received, key);
    await this.listeners.get(right.kind)?.(stored);
    return stored;
  }

  /** @throws AppError NOT_FOUND unless there is one in that home */
  async find(homeId: string, id: string): Promise<StoredUpload> {
    const row = await this.rowOf(id);
    if (row === undefined || row.home_id !== homeId) throw new AppError('NOT_FOUND');
    return storedOf(row);
  }

  /** Objects of a device in a home, oldest first, at most 500; those of one `reference` only when it is given. */
  async list({
    homeId,
    deviceId,
    kind,
    reference,
  }: Pick<StoredUpload, 'homeId' | 'deviceId' | 'kind'> & { readonly reference?: string }): Promise<readonly StoredUpload[]> {
    let query = this.options.db
      .selectFrom('upload')
      .selectAll()
      .where('home_id', '=', homeId)
      .where('device_id', '=', deviceId)
      .where('kind', '=', kind);
    if (reference !== undefined) query = query.where('reference', '=', reference);
    const rows = await query.orderBy('stored_at', 'desc').orderBy('id', 'desc').limit(LIST_LIMIT).execute();
    return rows.map(storedOf).reverse();
  }

  /** The bytes of an object. @throws AppError NOT_FOUND */
  async read({ id, homeId }: Pick<StoredUpload, 'id' | 'homeId'>): Promise<Readable> {
    const row = await this.rowOf(id);
    if (row === undefined || row.home_id !== homeId) throw new AppError('NOT_FOUND');
    return this.options.objects.read(row.object_key);
  }

  /** Removes an object that nobody needs any more; succeeds when it is gone already. */
  async remove({ id, homeId }: Pick<StoredUpload, 'id' | 'homeId'>): Promise<void> {
    const row = await this.rowOf(id);
    if (row !== undefined && row.home_id === homeId) await this.erase(row);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lifetime[Symbol.asyncDispose]();
  }

  private async take(key: string, { deviceId, maxBytes }: UploadRight, source: Readable): Promise<ReceivedObject> {
    const { clock, objects } = this.options;
    const running = this.running.get(deviceId) ?? new Set();
    if (running.size >= MAX_PER_DEVICE) throw new AppError('LIMIT_EXCEEDED', undefined, { retryAfterMs: BUSY_RETRY_MS });
    this.running.set(deviceId, running.add(source));
    // Between two reads nobody else would listen, and an unheard error would end the process.
    source.on('error', () => {});
    using _deadline = clock.setTimer(RECEIVE_MS, () => source.destroy(new AppError('TIMEOUT')));
    try {
      return await objects.receive(key, source, { maxBytes });
    } finally {
      running.delete(source);
      if (running.size === 0) this.running.delete(deviceId);
    }
  }

  /** Makes the bytes visible and writes the row; of two uploads for one ticket the first stands. */
  private async keep(id: string, right: UploadRight, { uploadKey, sizeBytes, sha256 }: ReceivedObject, key: string): Promise<StoredUpload> {
    const { db, objects } = this.options;
    const first = await this.rowOf(id);
    if (first !== undefined) {
      await objects.discard(uploadKey);
      if (first.sha256 !== sha256) throw new AppError('DUPLICATE');
      return storedOf(first);
    }
    await objects.commit(key, uploadKey);
    const row: Row<'upload'> = {
      id,
      kind: right.kind,
      home_id: right.homeId,
      device_id: right.deviceId,
      reference: right.reference,
      object_key: key,
      content_type: right.contentType,
      size_bytes: sizeBytes,
      sha256,
      stored_at: this.options.clock.now(),
    };
    await db
      .insertInto('upload')
      .values(row)
      .onConflict((c) => c.column('id').doNothing())
      .execute();
    return storedOf(row);
  }

  private async assertStillAllowed(right: UploadRight): Promise<void> {
    if ((await this.epochOf(right)) !== right.epoch) throw new AppError('FORBIDDEN');
  }

  private async epochOf({ deviceId, homeId }: Pick<UploadRight, 'deviceId' | 'homeId'>): Promise<number | undefined> {
    const row = await this.options.db
      .selectFrom('device')
      .select('binding_epoch')
      .where('id', '=', deviceId)
      .where('home_id', '=', homeId)
      .executeTakeFirst();
    return row?.binding_epoch;
  }

  private rowOf(id: string): Promise<Row<'upload'> | undefined> {
    return this.options.db.selectFrom('upload').selectAll().where('id', '=', id).executeTakeFirst();
  }

  private async sweepOften(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.options;
    while (!signal.aborted) {
      await this.sweep(signal).catch((error: unknown) => logger.warn({ err: error }, 'old uploads could not be removed'));
      await sleep(clock, SWEEP_MS, { signal });
    }
  }

  /** Removes what is older than it is kept, and what devices left behind in homes they are in no more. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { clock, keepMs = {} } = this.options;
    while (!signal.aborted && (await this.removeLeft()) === SWEEP_BATCH);
    for (const kind of uploadKinds) {
      const before = clock.now() - (keepMs[kind] ?? KEEP_MS[kind]);
      while (!signal.aborted && (await this.removeOld(kind, before)) === SWEEP_BATCH);
    }
  }

  private async removeOld(kind: UploadKind, before: number): Promise<number> {
    const { db } = this.options;
    const rows = await db
      .selectFrom('upload')
      .select(['id', 'object_key'])
      .where('kind', '=', kind)
      .where('stored_at', '<', before)
      .limit(SWEEP_BATCH)
      .execute();
    for (const row of rows) await this.erase(row);
    return rows.length;
  }

  private async removeLeft(): Promise<number> {
    const rows = await this.options.db
      .selectFrom('upload')
      .leftJoin('device', (join) => join.onRef('device.id', '=', 'upload.device_id').onRef('device.home_id', '=', 'upload.home_id'))
      .select(['upload.id', 'upload.object_key'])
      .where('device.id', 'is', null)
      .limit(SWEEP_BATCH)
      .execute();
    for (const row of rows) await this.erase(row);
    return rows.length;
  }

  /** The row goes last: a row without an object is only unfinished work, an object without a row would stay for ever. */
  private async erase({ id, object_key }: Pick<Row<'upload'>, 'id' | 'object_key'>): Promise<void> {
    const { db, objects } = this.options;
    await objects.remove(object_key);
    await db.deleteFrom('upload').where('id', '=', id).execute();
  }
}

function objectKey({ homeId, deviceId, kind }: UploadRight, id: string): string {
  return `h/${homeId}/d/${deviceId}/${kind}s/${id}`;
}

function storedOf(row: Row<'upload'>): StoredUpload {
  return {
    id: row.id,
    kind: row.kind,
    homeId: row.home_id,
    deviceId: row.device_id,
    reference: row.reference,
    contentType: row.content_type,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    storedAt: row.stored_at,
  };
}
