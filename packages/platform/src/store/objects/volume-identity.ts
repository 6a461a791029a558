import { mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Random } from '@cardea/core';
import type { Db } from '../sql/schema.ts';
import type { VolumeSync } from './volume-sync.ts';

const MARKER = '.cardea-volume';
const SETTING = 'objects.volume';
const RETRY_AFTER_MS = 60_000;

/**
 * Tells the disk the objects are on from the empty directory that is there when it is not mounted: a marker file in the
 * root carries an id which the catalogue knows too (reliability.md C-4).
 */
export class VolumeIdentity {
  private readonly root: string;
  private readonly db: Db;
  private readonly random: Random;
  private readonly sync: VolumeSync;
  private id = '';
  /** Device and inode of the marker when it was last read. */
  private seen = '';

  constructor({ root, db, random, sync }: { readonly root: string; readonly db: Db; readonly random: Random; readonly sync: VolumeSync }) {
    this.root = root;
    this.db = db;
    this.random = random;
    this.sync = sync;
  }

  /**
   * Accepts the volume, marking a new one.
   * @throws AppError INVALID_STATE when the catalogue has stored segments and this is not the volume they are on
   */
  async claim(): Promise<void> {
    const [found, expected] = await Promise.all([this.readMarker(), this.readSetting()]);
    if ((found === undefined || found !== expected) && (await this.holdsSegments())) throw foreignVolume(this.root, found);
    this.id = found ?? (await this.mark());
    await this.writeSetting(this.id);
    this.seen = await this.markerInode();
  }

  /** @throws AppError NO_CAPACITY when the volume went away since `claim` */
  async assertPresent(): Promise<void> {
    const inode = await this.markerInode();
    if (inode !== '' && inode === this.seen) return;
    if ((await this.readMarker()) !== this.id) {
      throw new AppError('NO_CAPACITY', undefined, { message: 'the volume of the objects is not there', retryAfterMs: RETRY_AFTER_MS });
    }
    this.seen = inode;
  }

  private async markerInode(): Promise<string> {
    const found = await stat(join(this.root, MARKER)).catch(ignoreAbsent);
    return found === undefined ? '' : `${found.dev}:${found.ino}`;
  }

  private async readMarker(): Promise<string | undefined> {
    const text = await readFile(join(this.root, MARKER), 'utf8').catch(ignoreAbsent);
    // A marker is empty when the power went while it was written, that is before anything was stored.
    return text?.trim() || undefined;
  }

  private async mark(): Promise<string> {
    await mkdir(this.root, { recursive: true, mode: 0o700 });
    const path = join(this.root, MARKER);
    const id = this.random.ulid();
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(`${id}\n`);
      await this.sync.file(file, path);
    } finally {
      await file.close();
    }
    await this.sync.directory(this.root);
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
}

function foreignVolume(root: string, found: string | undefined): AppError {
  const fault = found === undefined ? 'carries no identity marker' : 'is another volume than the one the recordings were stored on';
  const message = `the object directory ${root} ${fault}: is its disk mounted? Nothing was changed`;
  return new AppError('INVALID_STATE', { root }, { message });
}

/** For `catch`: absence is an answer, anything else stays an error. */
function ignoreAbsent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
