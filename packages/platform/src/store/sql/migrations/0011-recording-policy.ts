import { type Kysely, sql } from 'kysely';

/** When cameras record, how long each kind of recording is kept, and how the oldest of a kind are found. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('retention_policy').addColumn('schedule', 'text').execute();
  await schema.alterTable('retention_policy').addColumn('event_days', 'integer').execute();
  await schema
    .createIndex('segment_kind')
    .on('segment')
    .columns(['home_id', 'device_id', 'kind', 'start_at'])
    .where(sql.ref('state'), '=', sql.lit('stored'))
    .execute();
}
