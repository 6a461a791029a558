import type { Kysely } from 'kysely';

/** Pictures among the uploaded objects: what each belongs to and how large it is. They go with their bytes. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('picture')
    .addColumn('id', 'text', (c) => c.primaryKey().references('upload.id').onDelete('cascade'))
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('channel', 'integer', (c) => c.notNull())
    .addColumn('purpose', 'text', (c) => c.notNull())
    .addColumn('owner_id', 'text', (c) => c.notNull())
    .addColumn('number', 'integer', (c) => c.notNull())
    .addColumn('width', 'integer', (c) => c.notNull())
    .addColumn('height', 'integer', (c) => c.notNull())
    .addColumn('stored_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema
    .createIndex('picture_owner')
    .unique()
    .on('picture')
    .columns(['device_id', 'home_id', 'purpose', 'owner_id', 'number'])
    .execute();
  await schema.createIndex('picture_time').on('picture').columns(['device_id', 'home_id', 'stored_at']).execute();
}
