import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AppError } from '@cardea/core';

/**
 * Claims a data directory for this process alone, or with `shared` together with other processes of one platform. The claim
 * is a lock of the operating system on `platform.lock` (an empty SQLite file in an open transaction), so it ends with the
 * process however that dies, and nothing has to be cleaned up.
 * @throws AppError INVALID_STATE when another platform runs on the directory
 */
export function lockDataDirectory(directory: string, { shared }: { readonly shared: boolean }): Disposable {
  const lock = new DatabaseSync(join(directory, 'platform.lock'));
  try {
    lock.exec('PRAGMA busy_timeout = 0');
    lock.exec(shared ? 'BEGIN; SELECT * FROM sqlite_master' : 'BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw new AppError('INVALID_STATE', { directory }, { cause: error, message: `another platform is running on ${directory}` });
  }
  return { [Symbol.dispose]: () => lock.close() };
}
