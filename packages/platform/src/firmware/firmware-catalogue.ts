import type { Readable } from 'node:stream';
import type { Firmware, FirmwareClaim } from '@cardea/api';
import { AppError, type Clock, type Random } from '@cardea/core';
import { type ParamsOf, paths, type upgradeFirmware } from '@cardea/protocol';
import type { Authorizer } from '../authorization/authorizer.ts';
import { assertRoomFor, type Caps, defaultCaps } from '../authorization/caps.ts';
import type { Principal } from '../authorization/proof.ts';
import type { Db, ObjectStore, Row } from '../store/ports.ts';
import type { UrlSigner } from '../tokens/url-signer.ts';

export const FIRMWARE_PATH = `${paths.vr}/firmware`;

export interface FirmwareCatalogueOptions {
  readonly db: Db;
  readonly objects: ObjectStore;
  readonly authorizer: Authorizer;
  readonly signer: UrlSigner;
  /** Origin under which devices reach this platform. */
  readonly publicUrl: () => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly caps?: Caps;
}

export type FirmwareRow = Row<'firmware'>;

/** What a device is told about an image. */
export type ImageOffer = Required<
  Pick<ParamsOf<typeof upgradeFirmware>, 'version' | 'url' | 'sizeBytes' | 'sha256' | 'signature' | 'signatureAlg'>
>;

const MAX_IMAGE_BYTES = 256 * 1024 ** 2;
const HOUR_MS = 60 * 60_000;
/** An image may be fetched slowly, again and again, and after a night in the queue. */
const URL_TTL_MS = 24 * HOUR_MS;

/**
 * Signed firmware images. Each belongs to a home and is seen by whoever manages it. The signature is the maker's; devices
 * check it, the platform signs nothing.
 */
export class FirmwareCatalogue {
  private readonly options: FirmwareCatalogueOptions;

  constructor(options: FirmwareCatalogueOptions) {
    this.options = options;
  }

  /**
   * Stores an image; the same again is answered with what is there.
   * @throws AppError FORBIDDEN (also with `stepUp`) | NOT_FOUND | DUPLICATE when that version is there with other bytes |
   * TOO_LARGE | LIMIT_EXCEEDED | as `ObjectStore.receive`
   */
  async add(principal: Principal, { homeId, model, version, signature }: FirmwareClaim, bytes: Readable): Promise<Firmware> {
    const { authorizer, clock, db, objects, random } = this.options;
    authorizer.assertFresh(principal);
    const home = await this.homeOf(principal, homeId);
    const id = random.ulid();
    const key = `firmware/${home}/${id}`;
    await this.assertRoom(home, 1);
    const { uploadKey, sizeBytes, sha256 } = await objects.receive(key, bytes, { maxBytes: MAX_IMAGE_BYTES });
    const known = sizeBytes === 0 ? undefined : await this.findVersion([home], model, version);
    if (sizeBytes === 0 || known !== undefined) {
      await objects.discard(uploadKey);
      if (known === undefined) throw new AppError('INVALID_PARAMS', undefined, { message: 'the image is empty' });
      if (known.sha256 !== sha256 || known.signature !== signature) throw new AppError('DUPLICATE', { firmwareId: known.id });
      return firmwareOf(known);
    }
    await this.assertRoom(home, sizeBytes).catch(async (error: unknown) => {
      await objects.discard(uploadKey);
      throw error;
    });
    await objects.commit(key, uploadKey);
    const row = { id, home_id: home, model, version, size_bytes: sizeBytes, sha256, signature, object_key: key, created_at: clock.now() };
    await db.insertInto('firmware').values(row).execute();
    return firmwareOf(row);
  }

  /** Newest first. */
  async list(principal: Principal): Promise<readonly Firmware[]> {
    const homeIds = await this.managedHomes(principal);
    if (homeIds.length === 0) return [];
    const rows = await this.options.db
      .selectFrom('firmware')
      .selectAll()
      .where('home_id', 'in', homeIds)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .execute();
    return rows.map(firmwareOf);
  }

  /** @throws AppError NOT_FOUND unless the user manages its home */
  async find(principal: Principal, firmwareId: string): Promise<FirmwareRow> {
    const row = await this.byId(firmwareId);
    if (row === undefined || !(await this.managedHomes(principal)).includes(row.home_id)) throw new AppError('NOT_FOUND');
    return row;
  }

  byId(firmwareId: string): Promise<FirmwareRow | undefined> {
    return this.options.db.selectFrom('firmware').selectAll().where('id', '=', firmwareId).executeTakeFirst();
  }

  /**
   * The image a user means who named a version for a device, or an address of this catalogue.
   * @throws AppError URL_INVALID when there is none
   */
  async offerOf(
    principal: Principal,
    deviceId: string,
    wish: { readonly version: string; readonly url?: string | undefined },
  ): Promise<ImageOffer> {
    const { db } = this.options;
    const homeIds = await this.managedHomes(principal);
    const device = await db.selectFrom('device').select('model').where('id', '=', deviceId).executeTakeFirst();
    const named = wish.url === undefined ? undefined : await this.byId(idIn(wish.url));
    const row = wish.url === undefined ? await this.findVersion(homeIds, device?.model ?? '', wish.version) : named;
    if (row === undefined || !homeIds.includes(row.home_id)) {
      const message = `the catalogue has no firmware ${wish.version} for this device`;
      throw new AppError('URL_INVALID', undefined, { message, httpStatus: 422 });
    }
    return await this.offer(row, deviceId);
  }

  /** The image with an address at which this device may fetch it for a day, unless it leaves its home. */
  async offer(row: FirmwareRow, deviceId: string): Promise<ImageOffer> {
    const { clock, publicUrl, signer } = this.options;
    const fields = { device: deviceId, epoch: String(await this.epochOf(deviceId)) };
    const path = signer.sign(`${FIRMWARE_PATH}/${row.id}`, fields, clock.now() + URL_TTL_MS);
    return {
      version: row.version,
      url: publicUrl().replace(/\/$/, '') + path,
      sizeBytes: row.size_bytes,
      sha256: row.sha256,
      signature: row.signature,
      signatureAlg: 'ed25519',
    };
  }

  /**
   * The image of a signed address.
   * @throws AppError UNAUTHORIZED | TICKET_EXPIRED | FORBIDDEN when the device is not bound any more as it was | NOT_FOUND
   */
  async fetch(firmwareId: string, query: URLSearchParams): Promise<FirmwareRow> {
    const { device = '', epoch } = this.options.signer.verify(`${FIRMWARE_PATH}/${firmwareId}`, query);
    if (String(await this.epochOf(device)) !== epoch) throw new AppError('FORBIDDEN');
    const row = await this.byId(firmwareId);
    if (row === undefined) throw new AppError('NOT_FOUND');
    return row;
  }

  /**
   * Removes an image, and the roll-outs of it, which have all ended.
   * @throws AppError FORBIDDEN (with `stepUp`) | NOT_FOUND as `find` | INVALID_STATE while a device is to install it
   */
  async remove(principal: Principal, firmwareId: string): Promise<void> {
    const { authorizer, db, objects } = this.options;
    authorizer.assertFresh(principal);
    const row = await this.find(principal, firmwareId);
    await db.transaction().execute(async (tx) => {
      await assertUnused(tx, row);
      const campaigns = tx.selectFrom('firmware_campaign').select('id').where('firmware_id', '=', firmwareId);
      await tx.updateTable('firmware_task').set({ campaign_id: null }).where('campaign_id', 'in', campaigns).execute();
      await tx.deleteFrom('firmware_campaign').where('firmware_id', '=', firmwareId).execute();
      await tx.deleteFrom('firmware').where('id', '=', firmwareId).execute();
    });
    await objects.remove(row.object_key);
  }

  read({ object_key }: FirmwareRow, range?: { readonly start: number; readonly end: number }): Promise<Readable> {
    return this.options.objects.read(object_key, range);
  }

  /** Removes what an upload that a crash cut short left behind; a younger one may still run, here or on another node. */
  async sweep(): Promise<void> {
    const { clock, db, objects } = this.options;
    const rows = await db.selectFrom('firmware').select('object_key').execute();
    const known = new Set(rows.map((row) => row.object_key));
    for await (const { key, kind } of objects.list('firmware')) {
      if (known.has(key)) continue;
      const { modifiedAt } = await objects.stat(key);
      if (clock.now() - modifiedAt < HOUR_MS) continue;
      await (kind === 'upload' ? objects.discard(key) : objects.remove(key));
    }
  }

  private async assertRoom(homeId: string, sizeBytes: number): Promise<void> {
    const { caps = defaultCaps, db } = this.options;
    const { images, bytes } = await db
      .selectFrom('firmware')
      .select(({ fn }) => [fn.countAll<number>().as('images'), fn.sum<number | null>('size_bytes').as('bytes')])
      .where('home_id', '=', homeId)
      .executeTakeFirstOrThrow();
    assertRoomFor('firmwareImagesPerHome', caps, images);
    assertRoomFor('firmwareBytesPerHome', caps, bytes ?? 0, sizeBytes);
  }

  private async epochOf(deviceId: string): Promise<number | undefined> {
    const row = await this.options.db.selectFrom('device').select('binding_epoch').where('id', '=', deviceId).executeTakeFirst();
    return row?.binding_epoch;
  }

  private async homeOf(principal: Principal, homeId: string | undefined): Promise<string> {
    if (homeId !== undefined) return (await this.options.authorizer.home(principal, 'manage', homeId)).homeId;
    const [first] = await this.managedHomes(principal);
    if (first === undefined) throw new AppError('FORBIDDEN', { action: 'manage' });
    return first;
  }

  private async managedHomes(principal: Principal): Promise<readonly string[]> {
    return (await this.options.authorizer.homes(principal, 'manage')).map(({ homeId }) => homeId);
  }

  private async findVersion(homeIds: readonly string[], model: string, version: string): Promise<FirmwareRow | undefined> {
    if (homeIds.length === 0) return undefined;
    return await this.options.db
      .selectFrom('firmware')
      .selectAll()
      .where('home_id', 'in', homeIds)
      .where('model', '=', model)
      .where('version', '=', version)
      .orderBy('created_at', 'desc')
      .executeTakeFirst();
  }
}

async function assertUnused(db: Db, { home_id, id, version }: FirmwareRow): Promise<void> {
  const campaigns = db.selectFrom('firmware_campaign').where('firmware_id', '=', id);
  const running = await campaigns.select('id').where('state', '=', 'running').executeTakeFirst();
  const task = await db
    .selectFrom('firmware_task')
    .select('id')
    .where('ended_at', 'is', null)
    .where('version', '=', version)
    .where((e) => e.or([e('home_id', '=', home_id), e('campaign_id', 'in', campaigns.select('id'))]))
    .executeTakeFirst();
  if (running !== undefined || task !== undefined) {
    throw new AppError('INVALID_STATE', undefined, { message: 'devices are to install this firmware; stop the roll-out first' });
  }
}

function idIn(url: string): string {
  const { pathname = '' } = URL.parse(url) ?? {};
  return pathname.startsWith(`${FIRMWARE_PATH}/`) ? pathname.slice(FIRMWARE_PATH.length + 1) : '';
}

function firmwareOf({ id, home_id, model, version, size_bytes, sha256, created_at }: FirmwareRow): Firmware {
  return { id, homeId: home_id, model, version, sizeBytes: size_bytes, sha256, createdAt: created_at };
}
