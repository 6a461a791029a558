import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { AppError, type Clock, hasStatus, type Logger, type Random } from '@cardea/core';
import type { Db } from '../../sql/schema.ts';
import { takeBytes } from '../byte-intake.ts';
import { IntakeThreads } from '../intake-threads.ts';
import { keyOfUpload, kindOfName, objectKeyOf, QUARANTINE, uploadKeyFor } from '../object-key.ts';
import type { DirectUploads, ListedObject, ObjectFacts, ObjectStat, ObjectStore, OpenObject, ReceivedObject } from '../object-store.ts';
import { VolumeIdentity, type VolumeMarker } from '../volume-identity.ts';
import { PART_BYTES, type PartsUpload, type S3Bucket } from './s3-bucket.ts';
import { S3DirectUploads } from './s3-direct-uploads.ts';

export interface S3ObjectStoreOptions {
  readonly bucket: S3Bucket;
  /** The catalogue, which knows what bucket the objects are in. */
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Devices reach the bucket, and bring their segments there themselves. */
  readonly direct: boolean;
  /** Uploads through this platform at once: each holds two parts in memory. */
  readonly maxUploads?: number;
}

const BUSY_RETRY_MS = 1_000;
const MARKER = '.cardea-volume';

/**
 * Objects in a bucket of an S3-compatible store. An upload lies beside its object under a hidden name and is copied when it is
 * committed. That a request was answered means that the store keeps the bytes: durability is what its operator provides.
 */
export class S3ObjectStore implements ObjectStore {
  readonly direct?: DirectUploads;
  private readonly bucket: S3Bucket;
  private readonly random: Random;
  private readonly logger: Logger;
  private readonly volume: VolumeIdentity;
  private readonly maxUploads: number;
  private readonly threads = new IntakeThreads();
  private uploads = 0;
  private started = false;

  constructor({ bucket, db, clock, random, logger, direct, maxUploads = 32 }: S3ObjectStoreOptions) {
    this.bucket = bucket;
    this.random = random;
    this.logger = logger;
    this.maxUploads = maxUploads;
    this.volume = new VolumeIdentity({ db, random, place: `the bucket ${bucket.address.bucket}`, marker: new MarkerObject(bucket) });
    if (direct) this.direct = new S3DirectUploads({ bucket, clock, threads: this.threads });
  }

  get sound(): boolean {
    return this.started;
  }

  async start(): Promise<void> {
    await this.bucket.check();
    await this.volume.claim();
    this.started = true;
  }

  async receive(key: string, source: Readable, { maxBytes }: { readonly maxBytes: number }): Promise<ReceivedObject> {
    const uploadKey = uploadKeyFor(key, this.random.ulid());
    if (!this.started)
      throw new AppError('NO_CAPACITY', undefined, { retryAfterMs: BUSY_RETRY_MS, message: 'the object store was not started' });
    if (this.uploads >= this.maxUploads) throw new AppError('NO_CAPACITY', undefined, { retryAfterMs: BUSY_RETRY_MS });
    this.uploads += 1;
    const parts = new Parts(this.bucket, uploadKey);
    try {
      const received = await takeBytes(source, { maxBytes, threads: this.threads, keep: (chunks) => parts.add(chunks) });
      await parts.complete();
      return { uploadKey, ...received };
    } catch (error) {
      // What stays when this fails too is removed by the rules of the bucket for unfinished uploads.
      await parts.abort().catch((cause: unknown) => this.logger.warn({ err: cause, uploadKey }, 'an unfinished upload stays'));
      throw error;
    } finally {
      this.uploads -= 1;
    }
  }

  async commit(key: string, uploadKey: string, facts: ObjectFacts = {}): Promise<void> {
    if (uploadKey === key) return void (await this.bucket.head(objectKeyOf(key)).catch(missing));
    if (keyOfUpload(uploadKey) !== key) throw new AppError('INVALID_PARAMS', undefined, { message: 'the upload is for another key' });
    try {
      await this.bucket.copy(uploadKey, key, facts);
    } catch (error) {
      if (!hasStatus(error, 'NOT_FOUND')) throw error;
      return void (await this.bucket.head(key).catch(missing));
    }
    // A copy that stays behind is an upload no row knows of, and is swept as such.
    await this.bucket
      .remove(uploadKey)
      .catch((error: unknown) => this.logger.debug({ err: error, uploadKey }, 'an upload stays for the sweep'));
  }

  async discard(uploadKey: string): Promise<void> {
    await this.bucket.remove(objectKeyOf(uploadKey));
  }

  async stat(key: string): Promise<ObjectStat> {
    return await this.bucket.head(objectKeyOf(key));
  }

  async read(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable> {
    // A range of no bytes cannot be said in HTTP.
    if (range !== undefined && range.end < range.start) return Readable.from([]);
    return await this.bucket.get(objectKeyOf(key), range);
  }

  async open(key: string): Promise<OpenObject> {
    const { sizeBytes } = await this.stat(key);
    return {
      sizeBytes,
      read: async (offset, length) => {
        const end = Math.min(offset + length, sizeBytes) - 1;
        return end < offset ? new Uint8Array() : new Uint8Array(await buffer(await this.bucket.get(key, { start: offset, end })));
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async remove(key: string): Promise<void> {
    if (!this.started) throw new AppError('NO_CAPACITY', undefined, { retryAfterMs: BUSY_RETRY_MS });
    await this.bucket.remove(objectKeyOf(key));
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    for await (const { key } of this.bucket.list(prefix === '' ? '' : `${prefix}/`)) {
      const kind = kindOfName(key.slice(key.lastIndexOf('/') + 1));
      if (kind !== undefined && (prefix !== '' || !key.startsWith(`${QUARANTINE}/`))) yield { key, kind };
    }
  }

  async quarantine(key: string): Promise<void> {
    await this.bucket.copy(objectKeyOf(key), `${QUARANTINE}/${key}.${this.random.ulid()}`);
    await this.bucket.remove(key);
  }
}

/** The marker of a bucket. Of two platforms that come to an empty bucket at once, one finds the marker of the other. */
class MarkerObject implements VolumeMarker {
  private readonly bucket: S3Bucket;

  constructor(bucket: S3Bucket) {
    this.bucket = bucket;
  }

  /** A bucket does not come off by itself, as a disk does. */
  async trace(): Promise<string> {
    return MARKER;
  }

  async read(): Promise<string | undefined> {
    try {
      return (await buffer(await this.bucket.get(MARKER))).toString('utf8').trim() || undefined;
    } catch (error) {
      if (hasStatus(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  async write(id: string): Promise<void> {
    if (await this.bucket.put(MARKER, Buffer.from(`${id}\n`), { ifAbsent: true })) return;
    // A repetition finds what it wrote itself, when the answer to that was lost.
    if ((await this.read()) === id) return;
    throw new AppError('INVALID_STATE', undefined, { message: 'another platform took the bucket for its own just now' });
  }
}

/** Bytes on their way into one object: little at once, more in parts. */
class Parts {
  private readonly bucket: S3Bucket;
  private readonly key: string;
  private blocks: Uint8Array[] = [];
  private heldBytes = 0;
  private upload: PartsUpload | undefined;

  constructor(bucket: S3Bucket, key: string) {
    this.bucket = bucket;
    this.key = key;
  }

  /** Copies the chunks. */
  async add(chunks: readonly Uint8Array[]): Promise<void> {
    const block = Buffer.concat(chunks);
    this.blocks.push(block);
    this.heldBytes += block.length;
    if (this.heldBytes >= PART_BYTES) await this.passOn();
  }

  async complete(): Promise<void> {
    if (this.upload === undefined) return void (await this.bucket.put(this.key, Buffer.concat(this.blocks)));
    if (this.heldBytes > 0) await this.passOn();
    await this.upload.complete();
  }

  async abort(): Promise<void> {
    await this.upload?.abort();
  }

  private async passOn(): Promise<void> {
    this.upload ??= await this.bucket.startParts(this.key);
    const part = Buffer.concat(this.blocks);
    this.blocks = [];
    this.heldBytes = 0;
    await this.upload.add(part);
  }
}

function missing(error: unknown): never {
  throw hasStatus(error, 'NOT_FOUND') ? new AppError('OBJECT_MISSING') : error;
}
