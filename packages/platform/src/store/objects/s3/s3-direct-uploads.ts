import { AppError, type Clock } from '@cardea/core';
import { takeBytes } from '../byte-intake.ts';
import type { IntakeThreads } from '../intake-threads.ts';
import { objectKeyOf, uploadKeyFor, uploadPrefixOf } from '../object-key.ts';
import type { DirectUploads, ObjectDigest, ObjectFacts, ReceivedObject } from '../object-store.ts';
import type { BucketEntry, S3Bucket } from './s3-bucket.ts';

/** Uploads for one key that are looked at; a device that brought more has to bring the right one again. */
const MAX_BROUGHT = 20;

interface Wanted {
  readonly maxBytes: number;
  readonly expected?: ObjectDigest;
  readonly facts?: ObjectFacts;
}

/** Segments that devices PUT into the bucket by presigned addresses, each under a hidden name of its own. */
export class S3DirectUploads implements DirectUploads {
  private readonly bucket: S3Bucket;
  private readonly clock: Clock;
  private readonly threads: IntakeThreads;

  constructor({ bucket, clock, threads }: { readonly bucket: S3Bucket; readonly clock: Clock; readonly threads: IntakeThreads }) {
    this.bucket = bucket;
    this.clock = clock;
    this.threads = threads;
  }

  get host(): string {
    return this.bucket.host;
  }

  async address(key: string, right: { readonly uploadId: string; readonly contentType: string; readonly expiresAt: number }) {
    const { uploadId, contentType, expiresAt } = right;
    const seconds = Math.max(1, Math.ceil((expiresAt - this.clock.now()) / 1_000));
    const url = await this.bucket.presignPut(uploadKeyFor(key, uploadId), { contentType, seconds });
    return { url, headers: { 'content-type': contentType } };
  }

  async claim(key: string, { maxBytes, expected, facts = {} }: Wanted): Promise<ReceivedObject> {
    const brought = await this.brought(key);
    let found: ObjectDigest | undefined;
    for (const entry of brought) {
      found ??= { sizeBytes: entry.sizeBytes, sha256: '' };
      if (entry.sizeBytes > maxBytes || (expected !== undefined && entry.sizeBytes !== expected.sizeBytes)) continue;
      // The device may write its upload again at any time, but not the copy: only that can be proven.
      if (entry.key !== key) await this.bucket.copy(entry.key, key, facts);
      const digest = await this.digestOf(key, maxBytes);
      if (expected !== undefined && digest.sha256 !== expected.sha256) {
        found = digest;
        continue;
      }
      await this.discard(key);
      return { uploadKey: key, ...digest };
    }
    throw found === undefined ? new AppError('OBJECT_MISSING') : new AppError('OBJECT_MISMATCH', { ...found });
  }

  async discard(key: string): Promise<void> {
    for (const entry of await this.brought(key)) if (entry.key !== key) await this.bucket.remove(entry.key);
  }

  /** Newest first; last what an interrupted claim left under the key itself. */
  private async brought(key: string): Promise<readonly BucketEntry[]> {
    const entries: BucketEntry[] = [];
    for await (const entry of this.bucket.list(uploadPrefixOf(key))) if (entries.push(entry) === MAX_BROUGHT) break;
    for await (const entry of this.bucket.list(objectKeyOf(key))) if (entry.key === key) entries.push({ ...entry, modifiedAt: 0 });
    return entries.toSorted((one, other) => other.modifiedAt - one.modifiedAt);
  }

  private async digestOf(key: string, maxBytes: number): Promise<ObjectDigest> {
    return await takeBytes(await this.bucket.get(key), { maxBytes, threads: this.threads });
  }
}
