import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-s3';
import { AppError } from '@cardea/core';
import type { ObjectFacts, ObjectStat } from '../object-store.ts';
import type { S3Address } from './s3-address.ts';
import { s3Failure } from './s3-failure.ts';

export interface S3Keys {
  readonly accessKey: string;
  readonly secretKey: string;
}

export interface PutOptions {
  /** Refuses to replace an object. */
  readonly ifAbsent?: boolean;
}

export interface BucketEntry {
  readonly key: string;
  readonly sizeBytes: number;
  /** Unix milliseconds. */
  readonly modifiedAt: number;
}

type Loaded = { readonly sdk: typeof Sdk; readonly client: Sdk.S3Client; readonly presign: typeof import('@aws-sdk/s3-request-presigner') };

const CONNECT_MS = 5_000;
const REQUEST_MS = 20_000;
const MAX_ATTEMPTS = 3;
const MAX_SOCKETS = 64;
/** The smallest size every store takes for all parts but the last is 5 MiB. */
export const PART_BYTES = 8 * 1024 * 1024;

/**
 * One bucket of an S3-compatible store, in the operations an object store is made of. Requests that may be repeated are,
 * twice; each has a deadline. Every failure is an AppError: NOT_FOUND, NO_CAPACITY while the store does not answer or asks to
 * wait, INVALID_STATE when bucket or keys are wrong.
 */
export class S3Bucket {
  readonly address: S3Address;
  private readonly loaded: Loaded;

  private constructor(address: S3Address, loaded: Loaded) {
    this.address = address;
    this.loaded = loaded;
  }

  /**
   * Loads the client, which nobody needs who keeps objects in a directory.
   * @param requestMs after which a request counts as lost
   */
  static async open(address: S3Address, { accessKey, secretKey }: S3Keys, requestMs = REQUEST_MS): Promise<S3Bucket> {
    if (accessKey === '' || secretKey === '') {
      throw new AppError('INVALID_PARAMS', undefined, {
        message: 'an object store at s3:// needs objects.accessKey and objects.secretKey',
      });
    }
    const [sdk, presign] = await Promise.all([import('@aws-sdk/client-s3'), import('@aws-sdk/s3-request-presigner')]);
    const client = new sdk.S3Client({
      region: address.region,
      ...(address.endpoint !== undefined && { endpoint: address.endpoint, forcePathStyle: true }),
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      // Stores other than Amazon's refuse the newer checksums; sizes and digests are compared here.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      maxAttempts: MAX_ATTEMPTS,
      requestHandler: {
        connectionTimeout: CONNECT_MS,
        requestTimeout: requestMs,
        throwOnRequestTimeout: true,
        socketTimeout: requestMs,
        httpAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
        httpsAgent: { keepAlive: true, maxSockets: MAX_SOCKETS },
      },
    });
    return new S3Bucket(address, { sdk, client, presign });
  }

  /** A part of the bucket as a bucket of its own, over the same connections. */
  below(prefix: string): S3Bucket {
    return new S3Bucket({ ...this.address, prefix: this.address.prefix + prefix }, this.loaded);
  }

  /** Host of the store as devices address it. */
  get host(): string {
    const { endpoint, bucket, region } = this.address;
    return endpoint === undefined ? `${bucket}.s3.${region}.amazonaws.com` : new URL(endpoint).host;
  }

  /** @throws AppError INVALID_STATE when it cannot be used as it is configured */
  async check(): Promise<void> {
    await this.run((at) => new this.loaded.sdk.HeadBucketCommand(at), 'NoSuchBucket');
  }

  /** False when the object was there already, with `ifAbsent`. */
  async put(key: string, bytes: Uint8Array, { ifAbsent = false }: PutOptions = {}): Promise<boolean> {
    const { PutObjectCommand } = this.loaded.sdk;
    // Lets the store find out by itself when bytes were changed on the way.
    const md5 = createHash('md5').update(bytes).digest('base64');
    try {
      await this.run(
        (at) => new PutObjectCommand({ ...at, ...this.keyed(key), Body: bytes, ContentMD5: md5, ...(ifAbsent && { IfNoneMatch: '*' }) }),
      );
      return true;
    } catch (error) {
      if (ifAbsent && error instanceof AppError && error.status === 'DUPLICATE') return false;
      throw error;
    }
  }

  /** Begins an object that comes in parts of `PART_BYTES`, the last of any size. */
  async startParts(key: string): Promise<PartsUpload> {
    const { CreateMultipartUploadCommand, UploadPartCommand, CompleteMultipartUploadCommand, AbortMultipartUploadCommand } =
      this.loaded.sdk;
    const { UploadId } = await this.run((at) => new CreateMultipartUploadCommand({ ...at, ...this.keyed(key) }));
    const parts: { ETag: string | undefined; PartNumber: number }[] = [];
    const own = { ...this.keyed(key), UploadId };
    return {
      add: async (bytes) => {
        const PartNumber = parts.length + 1;
        const md5 = createHash('md5').update(bytes).digest('base64');
        const { ETag } = await this.run((at) => new UploadPartCommand({ ...at, ...own, PartNumber, Body: bytes, ContentMD5: md5 }));
        parts.push({ ETag, PartNumber });
      },
      complete: async () =>
        void (await this.run((at) => new CompleteMultipartUploadCommand({ ...at, ...own, MultipartUpload: { Parts: parts } }))),
      abort: async () => void (await this.run((at) => new AbortMultipartUploadCommand({ ...at, ...own }))),
    };
  }

  async head(key: string): Promise<ObjectStat> {
    const { HeadObjectCommand } = this.loaded.sdk;
    const found = await this.run((at) => new HeadObjectCommand({ ...at, ...this.keyed(key) }));
    return { sizeBytes: found.ContentLength ?? 0, modifiedAt: found.LastModified?.getTime() ?? 0, facts: decoded(found.Metadata ?? {}) };
  }

  /** `end` is inclusive. */
  async get(key: string, range?: { readonly start: number; readonly end: number }): Promise<Readable> {
    const { GetObjectCommand } = this.loaded.sdk;
    const Range = range === undefined ? undefined : `bytes=${range.start}-${range.end}`;
    const { Body } = await this.run((at) => new GetObjectCommand({ ...at, ...this.keyed(key), Range }));
    // What the client gives under Node is a stream of Node.
    return Body as Readable;
  }

  /** Within the bucket, without the bytes coming here. */
  async copy(from: string, to: string, facts: ObjectFacts = {}): Promise<void> {
    const { CopyObjectCommand } = this.loaded.sdk;
    const CopySource = [this.address.bucket, ...(this.address.prefix + from).split('/')].map(encodeURIComponent).join('/');
    const told = { MetadataDirective: 'REPLACE', Metadata: encoded(facts) } as const;
    await this.run((at) => new CopyObjectCommand({ ...at, ...this.keyed(to), CopySource, ...told }));
  }

  /** Succeeds when it is already gone. */
  async remove(key: string): Promise<void> {
    const { DeleteObjectCommand } = this.loaded.sdk;
    await this.run((at) => new DeleteObjectCommand({ ...at, ...this.keyed(key) }));
  }

  /** Every key that begins with `prefix`, in order. */
  async *list(prefix: string): AsyncIterable<BucketEntry> {
    const { ListObjectsV2Command } = this.loaded.sdk;
    let ContinuationToken: string | undefined;
    do {
      const token = ContinuationToken;
      const page = await this.run(
        (at) =>
          new ListObjectsV2Command({
            ...at,
            Prefix: this.address.prefix + prefix,
            ...(token !== undefined && { ContinuationToken: token }),
          }),
      );
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        yield { key: Key.slice(this.address.prefix.length), sizeBytes: Size, modifiedAt: LastModified?.getTime() ?? 0 };
      }
      ContinuationToken = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  /** An address that is its own right to PUT one object of that type. */
  async presignPut(key: string, { contentType, seconds }: { readonly contentType: string; readonly seconds: number }): Promise<string> {
    const { client, sdk, presign } = this.loaded;
    const command = new sdk.PutObjectCommand({ Bucket: this.address.bucket, ...this.keyed(key), ContentType: contentType });
    return await presign.getSignedUrl(client, command, { expiresIn: seconds, signableHeaders: new Set(['host', 'content-type']) });
  }

  close(): void {
    this.loaded.client.destroy();
  }

  private keyed(key: string): { readonly Key: string } {
    return { Key: this.address.prefix + key };
  }

  private async run<I extends Sdk.ServiceInputTypes, O extends Sdk.ServiceOutputTypes>(
    make: (at: { readonly Bucket: string }) => Parameters<typeof this.loaded.client.send<I, O>>[0],
    absence?: 'NoSuchBucket',
  ): Promise<O> {
    try {
      return await this.loaded.client.send(make({ Bucket: this.address.bucket }));
    } catch (error) {
      throw s3Failure(error, { bucket: this.address.bucket, absence });
    }
  }
}

/** An object in the making; exactly one of `complete` and `abort` ends it. */
export interface PartsUpload {
  add(bytes: Uint8Array): Promise<void>;
  complete(): Promise<void>;
  abort(): Promise<void>;
}

const FACT_PREFIX = 'cardea-';

// Names of metadata come back in lower case, and values may hold ASCII only.
function encoded(facts: ObjectFacts): Record<string, string> {
  return Object.fromEntries(Object.entries(facts).map(([name, value]) => [FACT_PREFIX + name, encodeURIComponent(value)]));
}

function decoded(metadata: Readonly<Record<string, string>>): ObjectFacts {
  const own = Object.entries(metadata).filter(([name]) => name.startsWith(FACT_PREFIX));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(FACT_PREFIX.length), decodeURIComponent(value)]));
}
