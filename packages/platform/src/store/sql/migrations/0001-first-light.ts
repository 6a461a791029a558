import type { Kysely } from 'kysely';

/** Tables of the first release. `bigint` is 64 bits in both databases; SQLite reads it as INTEGER. */
export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db;
  await schema
    .createTable('home')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('timezone', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema
    .createTable('home_member')
    .addColumn('home_id', 'text', (c) => c.notNull().references('home.id').onDelete('cascade'))
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('role', 'text', (c) => c.notNull())
    .addColumn('actions', 'text', (c) => c.notNull())
    .addColumn('devices', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('home_member_pk', ['home_id', 'user_id'])
    .execute();
  await schema.createIndex('home_member_user').on('home_member').column('user_id').execute();
  await schema
    .createTable('binding_code')
    .addColumn('code_hash', 'text', (c) => c.primaryKey())
    .addColumn('home_id', 'text', (c) => c.notNull().references('home.id').onDelete('cascade'))
    .addColumn('created_by', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('used_at', 'bigint')
    .addColumn('used_by', 'text')
    .execute();
  await schema
    .createTable('device')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('home_id', 'text', (c) => c.references('home.id'))
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('vendor', 'text', (c) => c.notNull())
    .addColumn('model', 'text', (c) => c.notNull())
    .addColumn('serial', 'text', (c) => c.notNull())
    .addColumn('firmware', 'text', (c) => c.notNull())
    .addColumn('hardware', 'text')
    .addColumn('channels', 'integer', (c) => c.notNull())
    .addColumn('low_power', 'integer', (c) => c.notNull())
    .addColumn('disabled', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('binding_epoch', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('binding_id', 'text')
    .addColumn('bound_at', 'bigint')
    .addColumn('bound_by', 'text')
    .addColumn('capabilities', 'text')
    .addColumn('cap_hash', 'text')
    .addColumn('config_version', 'integer')
    .addColumn('boot_id', 'text')
    .addColumn('last_status', 'text')
    .addColumn('last_seen_at', 'bigint')
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .execute();
  await schema.createIndex('device_home').on('device').columns(['home_id', 'id']).execute();
  await schema
    .createTable('schedule')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('request_id', 'text', (c) => c.notNull())
    .addColumn('request_hash', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('expires_at', 'bigint', (c) => c.notNull())
    .addColumn('released_at', 'bigint')
    .addUniqueConstraint('schedule_request', ['device_id', 'request_id'])
    .execute();
  await schema.createIndex('schedule_expiry').on('schedule').column('expires_at').execute();
  await schema
    .createTable('used_proof')
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('jti', 'text', (c) => c.notNull())
    .addColumn('refused_from', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('used_proof_pk', ['device_id', 'jti'])
    .execute();
  await schema.createIndex('used_proof_age').on('used_proof').column('refused_from').execute();
  await schema
    .createTable('device_event')
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('event_id', 'text', (c) => c.notNull())
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('id', 'text', (c) => c.notNull().unique())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('type', 'text', (c) => c.notNull())
    .addColumn('channel', 'integer')
    .addColumn('state', 'text')
    .addColumn('level', 'integer')
    .addColumn('correlation_id', 'text')
    .addColumn('text', 'text')
    .addColumn('occurred_at', 'bigint', (c) => c.notNull())
    .addColumn('received_at', 'bigint', (c) => c.notNull())
    .addColumn('params', 'text', (c) => c.notNull())
    .addColumn('answer', 'text', (c) => c.notNull())
    .addColumn('reviewed', 'integer', (c) => c.notNull().defaultTo(0))
    .addPrimaryKeyConstraint('device_event_pk', ['device_id', 'event_id'])
    .execute();
  await schema.createIndex('device_event_home').on('device_event').columns(['home_id', 'occurred_at']).execute();
  await schema
    .createTable('segment')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('channel', 'integer', (c) => c.notNull())
    .addColumn('stream', 'text', (c) => c.notNull())
    .addColumn('kind', 'text', (c) => c.notNull())
    .addColumn('client_segment_id', 'text', (c) => c.notNull())
    .addColumn('create_hash', 'text', (c) => c.notNull())
    .addColumn('state', 'text', (c) => c.notNull())
    .addColumn('start_at', 'bigint', (c) => c.notNull())
    .addColumn('end_at', 'bigint')
    .addColumn('size_bytes', 'bigint')
    .addColumn('sha256', 'text')
    .addColumn('object_key', 'text', (c) => c.notNull())
    .addColumn('upload_key', 'text')
    .addColumn('codecs', 'text', (c) => c.notNull())
    .addColumn('event_id', 'text')
    .addColumn('task_id', 'text')
    .addColumn('span_id', 'text')
    .addColumn('span_index', 'integer')
    .addColumn('locked', 'integer', (c) => c.notNull().defaultTo(0))
    .addColumn('binding_epoch', 'integer', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addColumn('confirm_before', 'bigint', (c) => c.notNull())
    .addColumn('stored_at', 'bigint')
    .addColumn('recovered', 'integer', (c) => c.notNull().defaultTo(0))
    .execute();
  await schema.createIndex('segment_time').on('segment').columns(['home_id', 'device_id', 'state', 'start_at']).execute();
  await schema.createIndex('segment_client').on('segment').columns(['device_id', 'client_segment_id']).execute();
  await schema.createIndex('segment_event').on('segment').columns(['device_id', 'event_id']).execute();
  await schema.createIndex('segment_confirm').on('segment').columns(['state', 'confirm_before']).execute();
  await schema
    .createTable('upload_statistic')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('home_id', 'text', (c) => c.notNull())
    .addColumn('device_id', 'text', (c) => c.notNull())
    .addColumn('period_start_at', 'bigint', (c) => c.notNull())
    .addColumn('period_end_at', 'bigint', (c) => c.notNull())
    .addColumn('report', 'text', (c) => c.notNull())
    .execute();
  await schema.createIndex('upload_statistic_device').on('upload_statistic').columns(['device_id', 'period_end_at']).execute();
  await schema
    .createTable('idempotency')
    .addColumn('user_id', 'text', (c) => c.notNull())
    .addColumn('route', 'text', (c) => c.notNull())
    .addColumn('key', 'text', (c) => c.notNull())
    .addColumn('request_hash', 'text', (c) => c.notNull())
    .addColumn('answer', 'text', (c) => c.notNull())
    .addColumn('created_at', 'bigint', (c) => c.notNull())
    .addPrimaryKeyConstraint('idempotency_pk', ['user_id', 'route', 'key'])
    .execute();
  await createAccountTables(db);
  await schema
    .createTable('setting')
    .addColumn('name', 'text', (c) => c.primaryKey())
    .addColumn('value', 'text', (c) => c.notNull())
    .execute();
}

/** The tables better-auth expects, with its names: instants are ISO 8601 text. */
async function createAccountTables({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('user')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('email', 'text', (c) => c.notNull().unique())
    .addColumn('emailVerified', 'integer', (c) => c.notNull())
    .addColumn('image', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await schema
    .createTable('session')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('userId', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
    .addColumn('token', 'text', (c) => c.notNull().unique())
    .addColumn('expiresAt', 'text', (c) => c.notNull())
    .addColumn('ipAddress', 'text')
    .addColumn('userAgent', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await schema.createIndex('session_user').on('session').column('userId').execute();
  await schema
    .createTable('account')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('userId', 'text', (c) => c.notNull().references('user.id').onDelete('cascade'))
    .addColumn('accountId', 'text', (c) => c.notNull())
    .addColumn('providerId', 'text', (c) => c.notNull())
    .addColumn('accessToken', 'text')
    .addColumn('refreshToken', 'text')
    .addColumn('idToken', 'text')
    .addColumn('accessTokenExpiresAt', 'text')
    .addColumn('refreshTokenExpiresAt', 'text')
    .addColumn('scope', 'text')
    .addColumn('password', 'text')
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await schema.createIndex('account_user').on('account').column('userId').execute();
  await schema
    .createTable('verification')
    .addColumn('id', 'text', (c) => c.primaryKey())
    .addColumn('identifier', 'text', (c) => c.notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .addColumn('expiresAt', 'text', (c) => c.notNull())
    .addColumn('createdAt', 'text', (c) => c.notNull())
    .addColumn('updatedAt', 'text', (c) => c.notNull())
    .execute();
  await schema.createIndex('verification_identifier').on('verification').column('identifier').execute();
}
