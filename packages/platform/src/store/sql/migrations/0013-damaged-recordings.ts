import { type Kysely, sql } from 'kysely';

/** Stored recordings whose bytes are not the confirmed ones any more: few, and looked for with every timeline. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('segment').addColumn('damaged_at', 'bigint').execute();
  await schema
    .createIndex('segment_damaged')
    .on('segment')
    .columns(['home_id', 'device_id', 'channel', 'start_at'])
    .where(sql.ref('damaged_at'), 'is not', null)
    .execute();
}
