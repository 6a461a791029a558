import { join } from 'node:path';
import type { Clock, Logger, Random } from '@cardea/core';
import type { Config } from '../../config.ts';
import type { Db } from '../sql/schema.ts';
import { DirectoryObjectStore } from './directory-object-store.ts';
import type { ObjectStore } from './object-store.ts';
import { parseS3Address } from './s3/s3-address.ts';
import { S3Bucket } from './s3/s3-bucket.ts';
import { S3ObjectStore } from './s3/s3-object-store.ts';

export interface ObjectStoreSettings {
  /** `s3://...`, or empty for the directory. */
  readonly url: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Devices reach the store at the address in `url`. */
  readonly direct: boolean;
  /** Directory of the objects without `url`. */
  readonly directory: string;
}

export interface ObjectStoreParts {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What a configuration says about objects. */
export function objectStoreSettings(config: Config): ObjectStoreSettings {
  return {
    url: config['objects.url'],
    accessKey: config['objects.accessKey'],
    secretKey: config['objects.secretKey'],
    direct: config['objects.direct'],
    directory: join(config.data, 'objects'),
  };
}

/** The store the settings name; `start` takes it into service. @throws AppError INVALID_PARAMS for settings that do not fit */
export async function openObjectStore(settings: ObjectStoreSettings, parts: ObjectStoreParts): Promise<ObjectStore> {
  const { url, direct, directory } = settings;
  if (url === '') return new DirectoryObjectStore({ ...parts, root: directory });
  return new S3ObjectStore({ ...parts, bucket: await S3Bucket.open(parseS3Address(url), settings), direct });
}
