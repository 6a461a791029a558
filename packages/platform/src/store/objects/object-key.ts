import { AppError } from '@cardea/core';
import type { ListedObject } from './object-store.ts';

const MAX_KEY_LENGTH = 512;
const MAX_NAME_LENGTH = 120;

// A name starts with a letter or digit, so neither `..`, an empty name nor a hidden file can be meant.
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const uploadPattern = /^\.([A-Za-z0-9][A-Za-z0-9._-]*)\.([0-9A-Z]{26})\.part$/;

export const QUARANTINE = 'quarantine';

/**
 * Holds every key to names of harmless characters parted by `/`, so that no key can lead out of the root.
 * @throws AppError INVALID_PARAMS
 */
export function assertObjectKey(key: string): void {
  const names = key.split('/');
  const sound = key.length <= MAX_KEY_LENGTH && names.every((name) => name.length <= MAX_NAME_LENGTH && namePattern.test(name));
  if (!sound || names[0] === QUARANTINE) throw new AppError('INVALID_PARAMS', undefined, { message: 'not an object key' });
}

/** The key of a new upload for `key`: a hidden name beside the final one, so that the rename stays within one directory. */
export function uploadKeyFor(key: string, uploadId: string): string {
  return `${uploadPrefixOf(key)}${uploadId}.part`;
}

/** The key an upload was made for. @throws AppError INVALID_PARAMS when `uploadKey` is not one */
export function keyOfUpload(uploadKey: string): string {
  const slash = uploadKey.lastIndexOf('/') + 1;
  const name = uploadPattern.exec(uploadKey.slice(slash))?.[1];
  if (name === undefined) throw new AppError('INVALID_PARAMS', undefined, { message: 'not an upload key' });
  const key = uploadKey.slice(0, slash) + name;
  assertObjectKey(key);
  return key;
}

/** What a file of this name in a directory can be, if anything. */
export function kindOfName(name: string): ListedObject['kind'] | undefined {
  if (uploadPattern.test(name)) return 'upload';
  return namePattern.test(name) ? 'object' : undefined;
}

/** `key`, which is that of an object or of an upload. @throws AppError INVALID_PARAMS when it is neither */
export function objectKeyOf(key: string): string {
  const name = key.slice(key.lastIndexOf('/') + 1);
  assertObjectKey(kindOfName(name) === 'upload' ? keyOfUpload(key) : key);
  return key;
}

/** What every upload key for `key` starts with. */
export function uploadPrefixOf(key: string): string {
  assertObjectKey(key);
  const slash = key.lastIndexOf('/') + 1;
  return `${key.slice(0, slash)}.${key.slice(slash)}.`;
}
