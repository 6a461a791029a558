import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { AppError, type Logger, type Random } from '@cardea/core';
import { isMissing, systemCodeOf } from '../durable-file.ts';
import type { Db } from '../sql/schema.ts';
import { takeBytes } from './byte-intake.ts';
import { DiskSlots } from './disk-slots.ts';
import { IntakeThreads } from './intake-threads.ts';
import { MarkerFile } from './marker-file.ts';
import { assertObjectKey, keyOfUpload, kindOfName, objectKeyOf, QUARANTINE, uploadKeyFor } from './object-key.ts';
import type { ListedObject, ObjectStat, ObjectStore, OpenObject, ReceivedObject } from './object-store.ts';
import { VolumeIdentity } from './volume-identity.ts';
import { VolumeSync } from './volume-sync.ts';

export interface DirectoryObjectStoreOptions {
  /** Directory of the objects; made when absent. */
  readonly root: string;
  /** The catalogue, which knows what volume the objects are on. */
  readonly db: Db;
  readonly random: Random;
  readonly logger: Logger;
  /** Disk operations at once. */
  readonly maxWriters?: number;
  /** Uploads at once: each holds one open file. */
  readonly maxUploads?: number;
}

const BUSY_RETRY_MS = 1_000;
const FULL_RETRY_MS = 30_000;
const READ_CHUNK_BYTES = 256 * 1024;
const fullDiskCodes = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

/** Objects as plain files below one directory, for the user of the platform alone. */
export class DirectoryObjectStore implements ObjectStore {
  private readonly root: string;
  private readonly random: Random;
  private readonly sync: VolumeSync;
  private readonly volume: VolumeIdentity;
  private readonly slots: DiskSlots;
  private readonly threads = new IntakeThreads();
  private readonly maxUploads: number;
  private uploads = 0;
  private started = false;

  constructor({ root, db, random, logger, maxWriters = 16, maxUploads = 256 }: DirectoryObjectStoreOptions) {
    this.root = root;
    this.random = random;
    this.sync = new VolumeSync(root, logger);
    this.volume = new VolumeIdentity({ db, random, place: `the object directory ${root}`, marker: new MarkerFile(root, this.sync) });
    this.slots = new DiskSlots(maxWriters);
    this.maxUploads = maxUploads;
  }

  get sound(): boolean {
    return this.started && this.sync.sound;
  }

  async start(): Promise<void> {
    this.started = false;
    this.sync.reset();
    await this.volume.claim();
    await this.probe();
    this.started = true;
  }

  async receive(key: string, source: Readable, { maxBytes }: { readonly maxBytes: number }): Promise<ReceivedObject> {
    const uploadKey = uploadKeyFor(key, this.random.ulid());
    if (this.uploads >= this.maxUploads) throw new AppError('NO_CAPACITY', undefined, { retryAfterMs: BUSY_RETRY_MS });
    this.uploads += 1;
    try {
      await this.assertWritable();
      return { uploadKey, ...(await this.write(this.pathOf(uploadKey), source, maxBytes)) };
    } finally {
      this.uploads -= 1;
    }
  }

  async commit(key: string, uploadKey: string): Promise<void> {
    if (keyOfUpload(uploadKey) !== key) throw new AppError('INVALID_PARAMS', undefined, { message: 'the upload is for another key' });
    // The volume the upload went to is there as long as the upload is.
    this.assertSound();
    const path = this.pathOf(key);
    const renamed = await this.slots.run(() => succeeds(rename(this.pathOf(uploadKey), path)));
    if (!renamed && !(await exists(path))) throw new AppError('OBJECT_MISSING');
    try {
      await this.slots.run(() => this.sync.directory(dirname(path)));
    } catch (error) {
      // Whether the name reached the disk is unknown and never will be: without a name the bytes cannot be taken for durable ones.
      if (renamed) await unlink(path).catch(() => {});
      throw error;
    }
  }

  async discard(uploadKey: string): Promise<void> {
    keyOfUpload(uploadKey);
    await this.slots.run(() => rm(this.pathOf(uploadKey), { force: true }));
  }

  async stat(key: string): Promise<ObjectStat> {
    const found = await stat(this.pathOf(key)).catch(refuseAbsent);
    if (!found.isFile()) throw new AppError('NOT_FOUND');
    return { sizeBytes: found.size, modifiedAt: Math.floor(found.mtimeMs), facts: {} };
  }

  async read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable> {
    const file = await this.openFile(key);
    return file.createReadStream({ ...range, highWaterMark: READ_CHUNK_BYTES });
  }

  async open(key: string): Promise<OpenObject> {
    const file = await this.openFile(key);
    const { size } = await file.stat();
    return {
      sizeBytes: size,
      read: async (offset, length) => {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
        const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
        return bytes.subarray(0, bytesRead);
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  }

  async remove(key: string): Promise<void> {
    assertObjectKey(key);
    const path = this.pathOf(key);
    await this.assertWritable();
    await this.slots.run(() => rm(path, { force: true }));
    if (await exists(dirname(path))) await this.sync.directory(dirname(path));
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    const entries = await readdir(join(this.root, prefix), { withFileTypes: true }).catch(() => []);
    entries.sort((one, other) => (one.name < other.name ? -1 : 1));
    for (const entry of entries) {
      const key = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      const kind = entry.isFile() ? kindOfName(entry.name) : undefined;
      if (entry.isDirectory()) yield* this.list(key);
      else if (kind !== undefined) yield { key, kind };
    }
  }

  async quarantine(key: string): Promise<void> {
    const path = this.pathOf(key);
    // Two files of one name may end up here in time; neither may replace the other.
    const target = `${join(this.root, QUARANTINE, key)}.${this.random.ulid()}`;
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rename(path, target).catch(refuseAbsent);
    await this.sync.directory(dirname(target));
    await this.sync.directory(dirname(path));
  }

  /** Writes and syncs a file that means nothing: a disk that failed before has to show that it works. */
  private async probe(): Promise<void> {
    const path = join(this.root, `.probe-${this.random.ulid()}`);
    const file = await onDisk(() => open(path, 'wx', 0o600));
    try {
      await onDisk(() => file.writeFile('probe\n'));
      await this.sync.file(file, path);
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
    await this.sync.directory(this.root);
  }

  private async assertWritable(): Promise<void> {
    this.assertSound();
    await this.volume.assertPresent();
  }

  private assertSound(): void {
    this.sync.assertSound();
    if (!this.started)
      throw new AppError('NO_CAPACITY', undefined, { retryAfterMs: BUSY_RETRY_MS, message: 'the object store was not started' });
  }

  private async write(path: string, source: Readable, maxBytes: number): Promise<{ sizeBytes: number; sha256: string }> {
    const file = await onDisk(() => this.create(path));
    try {
      try {
        const received = await onDisk(() => takeBytes(source, { maxBytes, threads: this.threads, file: file.fd }));
        await this.slots.run(() => this.sync.file(file, path));
        return received;
      } finally {
        await onDisk(() => file.close());
      }
    } catch (error) {
      await rm(path, { force: true }).catch(() => {});
      throw error;
    }
  }

  /** O_EXCL: an upload never writes into a file that was there before. */
  private async create(path: string): Promise<FileHandle> {
    try {
      return await open(path, 'wx', 0o600);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return await open(path, 'wx', 0o600);
  }

  private async openFile(key: string): Promise<FileHandle> {
    return await open(this.pathOf(key), 'r').catch(refuseAbsent);
  }

  private pathOf(key: string): string {
    return join(this.root, objectKeyOf(key));
  }
}

/** Runs a disk operation. @throws AppError NO_CAPACITY when there is no room, INTERNAL_ERROR for any other failure */
async function onDisk<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof AppError) throw error;
    if (fullDiskCodes.has(systemCodeOf(error) ?? ''))
      throw new AppError('NO_CAPACITY', undefined, { cause: error, retryAfterMs: FULL_RETRY_MS });
    throw new AppError('INTERNAL_ERROR', undefined, { cause: error, message: 'the object could not be written' });
  }
}

async function exists(path: string): Promise<boolean> {
  return await succeeds(stat(path));
}

/** False when the file is absent; any other failure is thrown. */
async function succeeds(operation: Promise<unknown>): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw new AppError('INTERNAL_ERROR', undefined, { cause: error });
  }
}

function refuseAbsent(error: unknown): never {
  if (isMissing(error)) throw new AppError('NOT_FOUND');
  throw new AppError('INTERNAL_ERROR', undefined, { cause: error });
}
