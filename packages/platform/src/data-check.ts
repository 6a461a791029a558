import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@cardea/core';
import type { ChainHead } from './audit/audit-chain.ts';
import { type AuditReport, verifyAudit } from './audit/verify-audit.ts';
import type { Config } from './config.ts';
import { lockDataDirectory } from './store/data-lock.ts';
import { type ObjectStoreParts, objectStoreSettings, openObjectStore } from './store/objects/open-object-store.ts';
import type { Db } from './store/ports.ts';
import { openSqlite, openSqliteReadOnly } from './store/sql/sqlite.ts';
import { type FsckOptions, type FsckReport, fsck } from './video-service/fsck.ts';
import { type RebuildReport, rebuild } from './video-service/rebuild.ts';

type Parts = Omit<ObjectStoreParts, 'db'>;

/**
 * Compares catalogue and objects of a data directory without changing either.
 * @throws AppError NOT_FOUND when it holds no database
 */
export async function checkDataDirectory(config: Config, { deep, onChecked, ...parts }: Parts & FsckOptions): Promise<FsckReport> {
  return await reading(config.data, async (db) => {
    const objects = await openObjectStore(objectStoreSettings(config), { ...parts, db });
    return await fsck({ db, objects }, { deep, onChecked });
  });
}

/**
 * Takes recordings that lie among the objects and that the catalogue does not know into it; makes a catalogue where there is
 * none. No platform may run on the data.
 * @throws AppError INVALID_STATE when one does
 */
export async function rebuildDataDirectory(config: Config, parts: Parts): Promise<RebuildReport> {
  await mkdir(config.data, { recursive: true, mode: 0o700 });
  using _lock = lockDataDirectory(config.data, { shared: false });
  const db = await openSqlite(join(config.data, 'cardea.db'));
  try {
    const objects = await openObjectStore(objectStoreSettings(config), { ...parts, db });
    await objects.start();
    return await rebuild({ db, objects, clock: parts.clock });
  } finally {
    await db.destroy();
  }
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
