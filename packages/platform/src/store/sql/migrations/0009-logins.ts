import type { Kysely } from 'kysely';

/** Ways to log in besides the password: passkeys, another provider; browsers that logged in before; who runs the platform. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('passkey')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('credential_id', 'text', (c) => c.notNull().unique())
    .addColumn('user_id', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
    .addColumn('public_key', 'text', (c) => c.notNull())
    .addColumn('counter', 'bigint', (c) => c.notNull())
    .addColumn('transports', 'text', (c) => c.notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('synced', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .execute();
  await schema.createIndex('passkey_user').on('passkey').columns(['user_id', 'id']).execute();
  await schema
    .createTable('used_challenge')
    .addColumn('challenge', 'text', (c) => c.primaryKey())
    .addColumn('refused_from', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createIndex('used_challenge_age').on('used_challenge').column('refused_from').execute();
  await schema
    .createTable('known_device')
    .addColumn('token_hash', 'text', (c) => c.primaryKey())
    .addColumn('user_id', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
    .addColumn('session_id', 'text', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createIndex('known_device_user').on('known_device').columns(['user_id', 'session_id']).execute();
  await schema.createIndex('known_device_age').on('known_device').column('expires_at').execute();
  await schema
    .createTable('identity')
    .addColumn('id', 'text', (c) => c.notNull().unique())
    .addColumn('issuer', 'text', (c) => c.notNull())
    .addColumn('subject', 'text', (c) => c.notNull())
    .addColumn('user_id', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
    .addColumn('email', 'text')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('identity_pk', ['issuer', 'subject'])
    .execute();
  await schema.createIndex('identity_user').on('identity').column('user_id').execute();
  await schema
    .createTable('operator')
    .addColumn('user_id', 'text', (c) => c.primaryKey().references('user.id').onDelete('cascade'))
    .addColumn('until', 'bigint')
    .execute();
}
