import type { Kysely } from 'kysely';

/** Tries to log in that failed, which all processes of a platform count together. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('login_try')
    .addColumn('id', 'integer', (c) => c.primaryKey().autoIncrement())
    .addColumn('key_hash', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createIndex('login_try_key').on('login_try').columns(['key_hash', 'at']).execute();
  await schema.createIndex('login_try_age').on('login_try').column('at').execute();
}
