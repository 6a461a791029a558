import type { Kysely } from 'kysely';

/** Commands for devices that sleep, until they wake. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('kept_command')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('method', 'text', (c) => c.notNull())
    .addColumn('params', 'text', (c) => c.notNull())
    .addColumn('kept_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createIndex('kept_command_device').on('kept_command').columns(['device_id', 'id']).execute();
}
