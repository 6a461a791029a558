import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, type Logger, type Random } from '@cardea/core';
import type { ChainHead } from './audit/audit-chain.ts';
import { type AuditReport, verifyAudit } from './audit/verify-audit.ts';
import { DirectoryObjectStore } from './store/objects/directory-object-store.ts';
import type { Db } from './store/ports.ts';
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
  return await reading(
    directory,
    async (db) => await fsck({ db, objects: new DirectoryObjectStore({ root: join(directory, 'objects'), db, random, logger }) }, { deep }),
  );
}

/** Looks for tampering in the audit log of a data directory. @throws AppError NOT_FOUND when it holds no database */
export async function verifyAuditOfDirectory(directory: string, known?: ChainHead): Promise<AuditReport> {
  return await reading(directory, async (db) => await verifyAudit(db, known));
}

async function reading<T>(directory: string, read: (db: Db) => Promise<T>): Promise<T> {
  const path = join(directory, 'cardea.db');
  if (!existsSync(path)) throw new AppError('NOT_FOUND', { directory }, { message: `there is no Cardea data in ${directory}` });
  const db = openSqliteReadOnly(path);
  try {
    return await read(db);
  } finally {
    await db.destroy();
  }
}
