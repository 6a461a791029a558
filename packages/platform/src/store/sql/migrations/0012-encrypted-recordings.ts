import type { Kysely } from 'kysely';

/** Recordings the platform cannot open, and the public keys of those who can. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('segment').addColumn('encryption', 'text').execute();
  await schema.alterTable('device').addColumn('recipients', 'text').execute();
  await schema
    .createTable('recipient_key')
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('key_id', 'text', (c) => c.notNull())
    .addColumn('public_key', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('recipient_key_pk', ['home_id', 'user_id', 'key_id'])
    .execute();
}
