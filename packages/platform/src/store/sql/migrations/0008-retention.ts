import type { Kysely } from 'kysely';

/** What homes and single cameras keep, and for how long. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('retention_policy')
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('mode', 'text')
    .addColumn('streams', 'text')
    .addColumn('days', 'integer')
    .addColumn('quota_bytes', 'bigint')
    .addPrimaryKeyConstraint('retention_policy_pk', ['home_id', 'device_id'])
    .execute();
}
