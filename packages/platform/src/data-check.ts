import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, type Logger, type Random } from '@cardea/core';
import { DirectoryObjectStore } from './store/objects/directory-object-store.ts';
import { openSqliteReadOnly } from './store/sql/sqlite.ts';
import { type FsckReport, fsck } from './video-service/fsck.ts';

/**
 * Compares catalogue and objects of a data directory without changing either.
 * @throws AppError NOT_FOUND when it holds no database
 */
export async function checkDataDirectory(
  directory: string,
  { deep, random, logger }: { readonly deep: boolean; readonly random: Random; readonly logger: Logger },
): Promise<FsckReport> {
  const path = join(directory, 'cardea.db');
  if (!existsSync(path)) throw new AppError('NOT_FOUND', { directory }, { message: `there is no Cardea data in ${directory}` });
  const db = openSqliteReadOnly(path);
  try {
    return await fsck({ db, objects: new DirectoryObjectStore({ root: join(directory, 'objects'), db, random, logger }) }, { deep });
  } finally {
    await db.destroy();
  }
}
