import { AppError, type Random } from '@cardea/core';
import type { Db } from '../sql/schema.ts';

const SETTING = 'objects.volume';
const RETRY_AFTER_MS = 60_000;

/** A name tag that lies among the objects. */
export interface VolumeMarker {
  /** Cheap to ask; changes when the marker may be another one, empty when there is none. */
  trace(): Promise<string>;
  read(): Promise<string | undefined>;
  /** Durable when it resolves. */
  write(id: string): Promise<void>;
}

export interface VolumeIdentityOptions {
  readonly db: Db;
  readonly random: Random;
  /** Where the objects are, in words. */
  readonly place: string;
  readonly marker: VolumeMarker;
}

/**
 * Tells the disk or bucket the objects are on from another one, such as the empty directory that is there when a disk is not
 * mounted: a marker among the objects carries an id which the catalogue knows too (reliability.md C-4).
 */
export class VolumeIdentity {
  private readonly db: Db;
  private readonly random: Random;
  private readonly place: string;
  private readonly marker: VolumeMarker;
  private id = '';
  private seen = '';

  constructor({ db, random, place, marker }: VolumeIdentityOptions) {
    this.db = db;
    this.random = random;
    this.place = place;
    this.marker = marker;
  }

  /**
   * Accepts the volume, marking a new one.
   * @throws AppError INVALID_STATE when the catalogue has stored segments and this is not the volume they are on
   */
  async claim(): Promise<void> {
    const [found, expected] = await Promise.all([this.marker.read(), this.readSetting()]);
    if ((found === undefined || found !== expected) && (await this.holdsSegments())) throw this.foreign(found);
    this.id = found ?? (await this.mark());
    await this.writeSetting(this.id);
    this.seen = await this.marker.trace();
  }

  /** @throws AppError NO_CAPACITY when the volume went away since `claim` */
  async assertPresent(): Promise<void> {
    const trace = await this.marker.trace();
    if (trace !== '' && trace === this.seen) return;
    if ((await this.marker.read()) !== this.id) {
      throw new AppError('NO_CAPACITY', undefined, { message: 'the volume of the objects is not there', retryAfterMs: RETRY_AFTER_MS });
    }
    this.seen = trace;
  }

  private async mark(): Promise<string> {
    const id = this.random.ulid();
    await this.marker.write(id);
    return id;
  }

  private async readSetting(): Promise<string | undefined> {
    const row = await this.db.selectFrom('setting').select('value').where('name', '=', SETTING).executeTakeFirst();
    return row?.value;
  }

  private async writeSetting(value: string): Promise<void> {
    await this.db
      .insertInto('setting')
      .values({ name: SETTING, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  }

  private async holdsSegments(): Promise<boolean> {
    const row = await this.db.selectFrom('segment').select('id').where('state', '=', 'stored').limit(1).executeTakeFirst();
    return row !== undefined;
  }

  private foreign(found: string | undefined): AppError {
    const fault = found === undefined ? 'carries no identity marker' : 'is another volume than the one the recordings were stored on';
    const message = `${this.place} ${fault}: is its disk mounted? Nothing was changed`;
    return new AppError('INVALID_STATE', { place: this.place }, { message });
  }
}
