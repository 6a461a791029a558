import { type Kysely, sql } from 'kysely';

/** What was to be recorded, why it was not, and how stored segments are found by time. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('recording_fact')
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('channel', 'integer', (c) => c.notNull())
    .addColumn('fact', 'text', (c) => c.notNull())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('recording_fact_pk', ['home_id', 'device_id', 'channel', 'fact', 'at'])
    .execute();
  await schema.createIndex('recording_fact_name').on('recording_fact').columns(['fact', 'home_id', 'device_id', 'channel', 'at']).execute();
  await schema
    .createTable('recording_gap')
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('channel', 'integer', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('from_at', 'bigint', (c) => c.notNull())
    .addColumn('to_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('recording_gap_pk', ['home_id', 'device_id', 'channel', 'reason', 'from_at'])
    .execute();
  await schema.alterTable('segment').addColumn('format_hash', 'text').execute();
  // Only what users see, and all that a timeline reads, so that a month is read from the index alone.
  await schema
    .createIndex('segment_stored')
    .on('segment')
    .columns(['home_id', 'device_id', 'channel', 'start_at', 'end_at'])
    .where(sql.ref('state'), '=', sql.lit('stored'))
    .execute();
}
