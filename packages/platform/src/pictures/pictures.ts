import type { Readable } from 'node:stream';
import type { Snapshot } from '@cardea/api';
import { AppError, type Logger } from '@cardea/core';
import { jpegSize } from '@cardea/media';
import type { UploadTicket } from '@cardea/protocol';
import type { DeviceProof } from '../authorization/proof.ts';
import type { Bus, Db, Row } from '../store/ports.ts';
import { ownerOf, type PictureOwner, referenceOf } from './picture-owner.ts';
import type { PictureUploads, StoredObject } from './ports.ts';

export interface PicturesOptions {
  readonly db: Db;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly uploads: PictureUploads;
  /** Origin under which users reach the platform. */
  readonly publicUrl: () => string;
}

/** Pictures a device is allowed to put, all for the same owner. */
export type PictureWish = Omit<PictureOwner, 'number'> & {
  readonly homeId: string;
  readonly deviceId: string;
  readonly count: number;
  readonly ttlMs: number;
};

export interface SnapshotQuery {
  readonly channel?: number;
  /** Pictures stored at or after this, Unix milliseconds. */
  readonly from?: number;
  /** Pictures stored before this. */
  readonly to?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
  readonly limit?: number;
}

/** A picture and where its bytes are. */
export interface StoredPicture {
  readonly id: string;
  readonly sizeBytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly storedAt: number;
  read(): Promise<Readable>;
}

type PictureRow = Row<'picture'> & Pick<Row<'upload'>, 'size_bytes' | 'sha256'>;

const MAX_PICTURE_BYTES = 4 * 1024 * 1024;
/** Cameras put up to 64 KiB of their own before the frame header, which has the size. */
const HEAD_BYTES = 256 * 1024;
const DEFAULT_LIMIT = 50;

/** Still pictures that devices sent: of alarms, and of what users asked for. */
export class Pictures {
  private readonly options: PicturesOptions;

  constructor(options: PicturesOptions) {
    this.options = options;
  }

  /** Begins to take pictures in; call once, before devices connect. */
  start(): void {
    this.options.uploads.onStored('snapshot', (stored) => this.take(stored));
  }

  /** Tickets for the pictures 1 to `count` of an owner. @throws AppError NOT_BOUND */
  tickets({ count, ttlMs, homeId, deviceId, ...owner }: PictureWish): Promise<readonly UploadTicket[]> {
    return Promise.all(
      Array.from({ length: count }, (_, index) =>
        this.options.uploads.mint({
          kind: 'snapshot',
          homeId,
          deviceId,
          reference: referenceOf({ ...owner, number: index + 1 }),
          contentType: 'image/jpeg',
          maxBytes: MAX_PICTURE_BYTES,
          ttlMs,
        }),
      ),
    );
  }

  /** Picture `number` of an event, which is named by our id. @throws AppError NOT_FOUND */
  async ofEvent({ homeId, deviceId }: DeviceProof<'view.events'>, id: string, number: number): Promise<StoredPicture> {
    const row = await this.pictures({ homeId, deviceId })
      .innerJoin('device_event', (join) =>
        join
          .onRef('device_event.event_id', '=', 'picture.owner_id')
          .onRef('device_event.device_id', '=', 'picture.device_id')
          .onRef('device_event.home_id', '=', 'picture.home_id'),
      )
      .where('device_event.id', '=', id)
      .where('picture.purpose', '=', 'alarm')
      .where('picture.number', '=', number)
      .executeTakeFirst();
    return this.stored(row);
  }

  /** Pictures of a device while it belongs to the home of the proof, newest first. @throws AppError INVALID_PARAMS for a cursor that is none */
  async list(
    { homeId, deviceId }: DeviceProof<'view.recordings'>,
    { channel, from, to, cursor, limit = DEFAULT_LIMIT }: SnapshotQuery,
  ): Promise<{ readonly items: Snapshot[]; readonly next?: string }> {
    let query = this.pictures({ homeId, deviceId })
      .orderBy('picture.stored_at', 'desc')
      .orderBy('picture.id', 'desc')
      .limit(limit + 1);
    if (channel !== undefined) query = query.where('channel', '=', channel);
    if (from !== undefined) query = query.where('picture.stored_at', '>=', from);
    if (to !== undefined) query = query.where('picture.stored_at', '<', to);
    if (cursor !== undefined) {
      const last = parseCursor(cursor);
      query = query.where((e) =>
        e.or([
          e('picture.stored_at', '<', last.storedAt),
          e.and([e('picture.stored_at', '=', last.storedAt), e('picture.id', '<', last.id)]),
        ]),
      );
    }
    const rows = await query.execute();
    const items = rows.slice(0, limit).map((row) => this.describe(row));
    const last = items.at(-1);
    return rows.length > limit && last !== undefined ? { items, next: cursorOf(last) } : { items };
  }

  /** One picture of a device. @throws AppError NOT_FOUND */
  async find({ homeId, deviceId }: DeviceProof, id: string): Promise<StoredPicture> {
    return this.stored(await this.pictures({ homeId, deviceId }).where('picture.id', '=', id).executeTakeFirst());
  }

  /** The newest picture of a channel that was taken for one of `purposes`, if there is any. */
  async last(
    { homeId, deviceId }: DeviceProof,
    { channel, purposes }: { readonly channel: number; readonly purposes: readonly PictureOwner['purpose'][] },
  ): Promise<StoredPicture | undefined> {
    const row = await this.pictures({ homeId, deviceId })
      .where('channel', '=', channel)
      .where('picture.purpose', 'in', purposes)
      .orderBy('picture.stored_at', 'desc')
      .limit(1)
      .executeTakeFirst();
    return row && this.stored(row);
  }

  /** Removes what was taken to see the present of a channel before picture `id`: nobody will ask for it again. */
  async forgetLooksBefore({ homeId, deviceId }: DeviceProof, channel: number, id: string): Promise<void> {
    const old = await this.pictures({ homeId, deviceId })
      .where('channel', '=', channel)
      .where('picture.purpose', '=', 'look')
      .where('picture.id', '<', id)
      .execute();
    for (const look of old) await this.options.uploads.remove({ id: look.id, homeId });
  }

  private pictures({ homeId, deviceId }: Pick<DeviceProof, 'homeId' | 'deviceId'>) {
    return this.options.db
      .selectFrom('picture')
      .innerJoin('upload', 'upload.id', 'picture.id')
      .selectAll('picture')
      .select(['upload.size_bytes', 'upload.sha256'])
      .where('picture.device_id', '=', deviceId)
      .where('picture.home_id', '=', homeId);
  }

  private stored(row: PictureRow | undefined): StoredPicture {
    if (row === undefined) throw new AppError('NOT_FOUND');
    const { id, home_id: homeId, size_bytes: sizeBytes, sha256, stored_at: storedAt } = row;
    return { id, sizeBytes, sha256, storedAt, read: () => this.options.uploads.read({ id, homeId }) };
  }

  private describe(row: PictureRow): Snapshot {
    const { id, device_id: deviceId, purpose, owner_id: ownerId } = row;
    return {
      id,
      deviceId,
      homeId: row.home_id,
      channel: row.channel,
      storedAt: row.stored_at,
      width: row.width,
      height: row.height,
      sizeBytes: row.size_bytes,
      sha256: row.sha256,
      url: `${this.options.publicUrl()}/api/v1/devices/${deviceId}/snapshots/${id}`,
      ...(purpose === 'alarm' && { eventId: ownerId }),
      ...(purpose === 'task' && { taskId: ownerId }),
    };
  }

  /** Anything may come where a picture was expected; only what has the size of one becomes visible. */
  private async take({ id, homeId, deviceId, reference, storedAt }: StoredObject): Promise<void> {
    const { db, logger, uploads } = this.options;
    const owner = ownerOf(reference);
    if (owner === undefined) return;
    const size = jpegSize(await headOf(await uploads.read({ id, homeId })));
    if (size === undefined) return logger.warn({ deviceId, purpose: owner.purpose }, 'a device sent something that is no picture');
    const { purpose, ownerId, channel, number } = owner;
    const inserted = await db
      .insertInto('picture')
      .values({
        id,
        home_id: homeId,
        device_id: deviceId,
        channel,
        purpose,
        owner_id: ownerId,
        number,
        ...size,
        stored_at: storedAt,
      })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n && purpose === 'alarm') await this.announce(homeId, deviceId, ownerId);
  }

  private async announce(homeId: string, deviceId: string, eventId: string): Promise<void> {
    const { bus, db } = this.options;
    const event = await db
      .selectFrom('device_event')
      .select('id')
      .where('device_id', '=', deviceId)
      .where('event_id', '=', eventId)
      .where('home_id', '=', homeId)
      .executeTakeFirst();
    if (event !== undefined) bus.publish({ type: 'alarm', homeId, deviceId, id: event.id });
  }
}

async function headOf(stream: Readable): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) continue;
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes >= HEAD_BYTES) break;
  }
  return Buffer.concat(chunks);
}

function cursorOf({ storedAt, id }: Snapshot): string {
  return Buffer.from(`${storedAt}.${id}`).toString('base64url');
}

function parseCursor(cursor: string): { readonly storedAt: number; readonly id: string } {
  const [, storedAt, id] = /^(\d{1,15})\.(\w{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  if (storedAt === undefined || id === undefined) throw new AppError('INVALID_PARAMS', { cursor: 'not a cursor of this list' });
  return { storedAt: Number(storedAt), id };
}
