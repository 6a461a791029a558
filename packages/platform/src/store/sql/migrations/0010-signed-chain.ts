import type { Kysely } from 'kysely';

/** The keys of devices, and what they sign of their recordings. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable('device').addColumn('public_key', 'text').execute();
  await schema.alterTable('segment').addColumn('chain_number', 'bigint').execute();
  await schema.alterTable('segment').addColumn('chain_previous', 'text').execute();
  await schema.alterTable('segment').addColumn('chain_signature', 'text').execute();
}
