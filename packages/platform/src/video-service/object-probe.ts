import { createHash } from 'node:crypto';
import { hasStatus } from '@cardea/core';
import type { ObjectStore } from '../store/ports.ts';

/** Whether an object or upload has the key now. */
export async function isThere(objects: ObjectStore, key: string): Promise<boolean> {
  try {
    await objects.stat(key);
    return true;
  } catch (error) {
    if (hasStatus(error, 'NOT_FOUND')) return false;
    throw error;
  }
}

/** SHA-256 of an object as it is on the disk now, lower-case hex. @throws AppError NOT_FOUND */
export async function digestOf(objects: ObjectStore, key: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await objects.read(key)) hash.update(chunk);
  return hash.digest('hex');
}
