import { type Kysely, sql } from 'kysely';

/** Which events have something to follow that was not done yet: hardly any, and looked for at each start. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .alterTable('device_event')
    .addColumn('followed', 'integer', (column) => column.notNull().defaultTo(1))
    .execute();
  await schema.createIndex('device_event_due').on('device_event').column('id').where(sql.ref('followed'), '=', 0).execute();
}
