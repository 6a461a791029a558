import { type Kysely, sql } from 'kysely';

/**
 * When cameras record, how long each kind of recording is kept, how the oldest of a kind are found, and how much there is of a
 * camera: from the index alone, since that is asked of all segments at every start.
 */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('retention_policy').addColumn('schedule', 'text').execute();
  await schema.alterTable('retention_policy').addColumn('event_days', 'integer').execute();
  await schema
    .createIndex('segment_kind')
    .on('segment')
    .columns(['home_id', 'device_id', 'kind', 'start_at', 'size_bytes'])
    .where(sql.ref('state'), '=', sql.lit('stored'))
    .execute();
  await schema
    .createIndex('segment_locked')
    .on('segment')
    .columns(['home_id', 'device_id', 'state', 'size_bytes'])
    .where(sql.ref('locked'), '=', sql.lit(1))
    .execute();
}
