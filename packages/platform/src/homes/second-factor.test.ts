import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { codeOf } from '../testing/authenticator-app.ts';
import { UserSide } from '../testing/user-side.ts';

async function armed() {
  const side = await UserSide.open();
  const ann = await side.settle('Ann');
  const post = (path: string, body: object, token?: string) => side.send('POST', path, { body, ...(token && { token }) });
  const begun = (await post('/me/second-factor', { password: ann.password }, ann.token)).body;
  const secret = new URL(begun.uri).searchParams.get('secret') ?? '';
  const confirmed = await post('/me/second-factor/confirm', { code: codeOf(secret) }, ann.token);
  const login = (code?: string) => post('/sessions', { email: ann.email, password: ann.password, ...(code && { code }) });
  return { side, ann, post, begun, secret, confirmed, login };
}

test('with a second factor the password alone lets nobody in, the code of the app does', async () => {
  const { side, ann, confirmed, secret, login } = await armed();
  await using _ = side;
  assert.deepEqual([confirmed.status, confirmed.body.user.secondFactor], [200, true]);
  assert.equal((await side.send('GET', '/me', { token: ann.token })).status, 401);
  assert.equal((await side.send('GET', '/me', { token: confirmed.body.token })).body.secondFactor, true);
  const half = await login();
  assert.deepEqual([half.status, half.body.details], [401, { secondFactor: true }]);
  assert.equal(half.headers.get('set-cookie'), null);
  const wrong = await login('000000');
  assert.deepEqual([wrong.status, wrong.body.details], [401, { secondFactor: true }]);
  const right = await login(codeOf(secret));
  assert.equal(right.status, 201);
  assert.equal((await side.send('GET', '/homes', { token: right.body.token })).status, 200);
  const unknown = await side.send('POST', '/sessions', { body: { email: ann.email, password: 'wrong', code: codeOf(secret) } });
  assert.deepEqual([unknown.status, unknown.body.details], [401, undefined]);
});

test('a recovery code works in place of the app, once', async () => {
  const { side, begun, login } = await armed();
  await using _ = side;
  const [code, other] = begun.recoveryCodes;
  assert.equal(begun.recoveryCodes.length, 10);
  assert.equal((await login(code)).status, 201);
  assert.equal((await login(code)).status, 401);
  assert.equal((await login(other)).status, 201);
});

test('a second factor is made and ended with the password only', async () => {
  const { side, post, confirmed, ann, login } = await armed();
  await using _ = side;
  const { token } = confirmed.body;
  assert.equal((await post('/me/second-factor', { password: ann.password }, token)).status, 409);
  assert.equal((await post('/me/second-factor/end', { password: 'wrong password' }, token)).status, 403);
  const ended = await post('/me/second-factor/end', { password: ann.password }, token);
  assert.deepEqual([ended.status, ended.body.user.secondFactor], [200, false]);
  assert.equal((await side.send('GET', '/me', { token: ended.body.token })).status, 200);
  assert.equal((await login()).status, 201);
  const ben = await side.settle('Ben');
  assert.equal((await post('/me/second-factor', { password: 'wrong password' }, ben.token)).status, 403);
  assert.equal((await post('/me/second-factor/confirm', { code: '123456' }, ben.token)).status, 409);
});

test('codes are not to be guessed, and a copy of the database does not tell them', async () => {
  const { side, secret, begun, login } = await armed();
  await using _ = side;
  const statuses: number[] = [];
  for (let guess = 0; guess < 12; guess += 1) statuses.push((await login(`90000${guess % 10}`)).status);
  assert.deepEqual([statuses.includes(201), statuses.at(-1)], [false, 429]);
  const { rows } = await sql<Record<string, unknown>>`select * from "twoFactor"`.execute(side.db);
  const dump = JSON.stringify(rows);
  for (const text of [secret, ...begun.recoveryCodes]) assert.equal(dump.includes(text), false);
});
