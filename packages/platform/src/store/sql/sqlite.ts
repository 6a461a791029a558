import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { AppError } from '@cardea/core';
import { type DialectAdapter, Kysely, SqliteAdapter, SqliteDialect } from 'kysely';
import { LruMap } from './lru-map.ts';
import { migrate } from './migrations/index.ts';
import type { Db, Tables } from './schema.ts';

/**
 * Opens (and makes) the SQLite database at `path` and brings its schema up to date.
 * WAL with `synchronous=FULL`: a committed transaction survives power loss. The setting is read back after a write,
 * because a build of SQLite may change it at the first one (reliability.md section 0 point 1).
 * @throws AppError INTERNAL_ERROR when the durability setting does not hold
 */
export async function openSqlite(path: string): Promise<Db> {
  const sqlite = new DatabaseSync(path);
  sqlite.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 5000;');
  const db = new Kysely<Tables>({ dialect: new WritingDialect({ database: adapt(sqlite, { begin: 'BEGIN IMMEDIATE' }) }) });
  await migrate(db);
  await db
    .insertInto('setting')
    .values({ name: 'opened', value: '1' })
    .onConflict((c) => c.column('name').doUpdateSet({ value: '1' }))
    .execute();
  const synchronous = sqlite.prepare('PRAGMA synchronous').get()?.synchronous;
  if (synchronous !== 2) throw new AppError('INTERNAL_ERROR', { synchronous }, { message: 'SQLite does not run with synchronous=FULL' });
  return db;
}

/** Opens an existing database for reading alone, beside a platform that may be running. @throws Error when there is none */
export function openSqliteReadOnly(path: string): Db {
  return new Kysely<Tables>({
    dialect: new SqliteDialect({ database: adapt(new DatabaseSync(path, { readOnly: true }), { begin: 'BEGIN' }) }),
  });
}

/** Changes the schema within transactions, as SQLite can: a process that dies while it does leaves the schema as it was. */
class WritingDialect extends SqliteDialect {
  override createAdapter(): DialectAdapter {
    return new TransactionalSchema();
  }
}

class TransactionalSchema extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** As many different statements as the services have, and room for those whose text varies. */
const MAX_PREPARED = 512;

/**
 * The shape Kysely expects of a driver, over node:sqlite. Where other processes write too, a transaction has to begin as
 * the writer it will become: one that read first is refused when it writes, without waiting its turn.
 */
function adapt(sqlite: DatabaseSync, { begin }: { readonly begin: string }) {
  const prepared = new LruMap<string, PreparedStatement>(MAX_PREPARED);
  return {
    close: () => sqlite.close(),
    // Preparing costs more than running most statements. Kysely runs one at a time on its one connection, so they can be shared.
    prepare: (sql: string) => prepared.get(sql, () => prepare(sqlite, sql === 'begin' ? begin : sql)),
  };
}

type PreparedStatement = ReturnType<typeof prepare>;

function prepare(sqlite: DatabaseSync, sql: string) {
  const statement = sqlite.prepare(sql);
  const bind = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters: readonly unknown[]) => statement.all(...bind(parameters)),
    run: (parameters: readonly unknown[]) => statement.run(...bind(parameters)),
    iterate: (parameters: readonly unknown[]) => statement.iterate(...bind(parameters)) as IterableIterator<unknown>,
  };
}
