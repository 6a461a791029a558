import type { Kysely } from 'kysely';

/** Why the owner of a home let support in. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('home_member').addColumn('reason', 'text').execute();
}
