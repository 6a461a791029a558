import type { Kysely } from 'kysely';

/** Small objects devices put at a ticket, the logs they were asked for, and the log of who did and saw what. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('upload')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('reference', 'text', (c) => c.notNull())
    .addColumn('object_key', 'text', (c) => c.notNull())
    .addColumn('content_type', 'text', (c) => c.notNull())
    .addColumn('size_bytes', 'bigint', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('stored_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createIndex('upload_reference').on('upload').columns(['home_id', 'device_id', 'kind', 'reference']).execute();
  await schema.createIndex('upload_age').on('upload').columns(['kind', 'stored_at']).execute();
  await schema
    .createTable('device_log')
    .addColumn('task_id', 'text', (c) => c.primaryKey())
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('types', 'text', (c) => c.notNull())
    .addColumn('requested_at', 'bigint', (c) => c.notNull())
    .addColumn('give_up_at', 'bigint', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('error', 'integer')
    .addColumn('upload_id', 'text')
    .addColumn('size_bytes', 'bigint')
    .execute();
  await schema.createIndex('device_log_device').on('device_log').columns(['home_id', 'device_id', 'requested_at']).execute();
  await schema
    .createTable('audit')
    .addColumn('seq', 'bigint', (c) => c.primaryKey())
    .addColumn('at', 'bigint', (c) => c.notNull())
    .addColumn('user_id', 'text')
    .addColumn('home_id', 'text')
    .addColumn('device_id', 'text')
    .addColumn('action', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .addColumn('previous_hash', 'text', (c) => c.notNull())
    .addColumn('hash', 'text', (c) => c.notNull())
    .execute();
  await schema.createIndex('device_event_age').on('device_event').column('received_at').execute();
  await schema.createIndex('audit_home').on('audit').columns(['home_id', 'seq']).execute();
}
