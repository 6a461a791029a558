import type { Kysely } from 'kysely';

/** Firmware images, upgrades of devices and their roll-out in waves. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('firmware')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('size_bytes', 'bigint', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('signature', 'text', (c) => c.notNull())
    .addColumn('object_key', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createIndex('firmware_version').unique().on('firmware').columns(['home_id', 'model', 'version']).execute();
  await schema
    .createTable('firmware_campaign')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('firmware_id', 'text', (c) => c.notNull().references('firmware.id'))
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('wave', 'integer', (c) => c.notNull())
    .addColumn('halt_at_failure_pct', 'real', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .execute();
  await schema.createIndex('firmware_campaign_state').on('firmware_campaign').column('state').execute();
  await schema
    .createTable('firmware_task')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('campaign_id', 'text', (c) => c.references('firmware_campaign.id'))
    .addColumn('wave', 'integer')
    .addColumn('version', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('progress_pct', 'real', (c) => c.notNull())
    .addColumn('error_code', 'integer')
    .addColumn('error_name', 'text')
    .addColumn('recorded', 'text')
    .addColumn('expected_down_sec', 'real', (c) => c.notNull())
    .addColumn('heard_at', 'bigint')
    .addColumn('changed_at', 'bigint', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('ended_at', 'bigint')
    .execute();
  await schema.createIndex('firmware_task_open').on('firmware_task').columns(['ended_at', 'state']).execute();
  await schema.createIndex('firmware_task_campaign').on('firmware_task').columns(['campaign_id', 'wave']).execute();
  await schema.createIndex('firmware_task_device').on('firmware_task').columns(['device_id', 'created_at']).execute();
}
