import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserSide } from '../../testing/user-side.ts';

test('nothing about members, invitations, tokens, shares, logins and revocations is looked for by reading a whole table', async () => {
  await using side = await UserSide.open();
  const { db } = side;
  const queries = [
    db.selectFrom('home_member').innerJoin('home', 'home.id', 'home_member.home_id').selectAll().where('home_member.user_id', '=', 'u'),
    db
      .selectFrom('home_member')
      .leftJoin('user', 'user.id', 'home_member.user_id')
      .selectAll('home_member')
      .where('home_member.home_id', '=', 'h'),
    db.selectFrom('invitation').selectAll().where('token_hash', '=', 'x').where('expires_at', '>', 1),
    db.selectFrom('invitation').selectAll().where('home_id', '=', 'h').where('expires_at', '>', 1),
    db.selectFrom('api_token').innerJoin('user', 'user.id', 'api_token.user_id').selectAll('api_token').where('token_hash', '=', 'x'),
    db.selectFrom('api_token').selectAll().where('user_id', '=', 'u').orderBy('id'),
    db.selectFrom('share').selectAll().where('token_hash', '=', 'x').where('expires_at', '>', 1),
    db.selectFrom('share').selectAll().where('home_id', 'in', ['h']).where('expires_at', '>', 1),
    db.selectFrom('share_view').selectAll().where('share_id', '=', 's').orderBy('id', 'desc').limit(200),
    db.selectFrom('passkey').selectAll().where('credential_id', '=', 'x'),
    db.selectFrom('passkey').selectAll().where('user_id', '=', 'u').orderBy('id'),
    db.deleteFrom('used_challenge').where('refused_from', '<=', 1),
    db
      .selectFrom('known_device')
      .innerJoin('user', 'user.id', 'known_device.user_id')
      .select('token_hash')
      .where('token_hash', '=', 'x')
      .where('user.email', '=', 'e'),
    db.deleteFrom('known_device').where('user_id', '=', 'u').where('session_id', '<>', 's'),
    db.deleteFrom('known_device').where('expires_at', '<=', 1),
    db.selectFrom('identity').selectAll().where('issuer', '=', 'i').where('subject', '=', 's'),
    db.selectFrom('identity').selectAll().where('user_id', '=', 'u'),
    db.selectFrom('operator').selectAll().where('user_id', '=', 'u'),
    db.selectFrom('login_try').select('at').where('key_hash', '=', 'k').where('at', '>', 1).orderBy('at').limit(10),
    db.deleteFrom('login_try').where('id', '<=', 1),
    db.deleteFrom('login_try').where('key_hash', '=', 'k'),
    db.deleteFrom('login_try').where('at', '<', 1),
    db.selectFrom('revocation').selectAll().where('at', '>=', 1),
  ];
  for (const query of queries) {
    const { sql: text, parameters } = query.compile();
    const plan = await db.executeQuery<{ detail: string }>({
      ...query.compile(),
      sql: `explain query plan ${text}`,
      parameters,
    });
    for (const { detail } of plan.rows) assert.doesNotMatch(detail, /^SCAN/, `${text}\n${detail}`);
  }
});
