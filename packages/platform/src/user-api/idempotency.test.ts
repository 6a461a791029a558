import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';

const HOUR_MS = 3_600_000;

test('a repeat with the same key gets the first answer and makes nothing new', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const request = { token, body: { name: 'Cabin', timezone: 'UTC' }, headers: { 'idempotency-key': 'k1' } };
  const first = await side.send('POST', '/homes', request);
  const second = await side.send('POST', '/homes', request);
  assert.deepEqual([second.status, second.body], [201, first.body]);
  assert.equal((await side.send('GET', '/homes', { token })).body.items.length, 2);
});

test('repeats that arrive while the first still runs wait for it', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const request = { token, body: { name: 'Cabin', timezone: 'UTC' }, headers: { 'idempotency-key': 'k1' } };
  const answers = await Promise.all(Array.from({ length: 10 }, () => side.send('POST', '/homes', request)));
  assert.equal(new Set(answers.map(({ body }) => body.id)).size, 1);
  assert.equal((await side.send('GET', '/homes', { token })).body.items.length, 2);
});

test('the same key with another body is a conflict', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const headers = { 'idempotency-key': 'k1' };
  await side.send('POST', '/homes', { token, body: { name: 'Cabin', timezone: 'UTC' }, headers });
  const other = await side.send('POST', '/homes', { token, body: { name: 'Boat', timezone: 'UTC' }, headers });
  assert.deepEqual([other.status, other.body.code, other.body.name], [409, 1018, 'DUPLICATE']);
});

test('a key belongs to its user and its route', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  const bob = await side.settle('Bob');
  const headers = { 'idempotency-key': 'k1' };
  const body = { name: 'Cabin', timezone: 'UTC' };
  const first = await side.send('POST', '/homes', { token: ann.token, body, headers });
  const second = await side.send('POST', '/homes', { token: bob.token, body, headers });
  assert.notEqual(second.body.id, first.body.id);
  const renamed = await side.send('PATCH', `/homes/${first.body.id}`, { token: ann.token, body, headers });
  assert.equal(renamed.status, 200);
});

test('a repeat without rights any more gets nothing of the first answer', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  const bob = await side.admit('Bob', ann.homeId, ['manage']);
  const request = { token: bob.token, body: {}, headers: { 'idempotency-key': 'k1' } };
  assert.equal((await side.send('POST', `/homes/${ann.homeId}/binding-codes`, request)).status, 201);
  await side.db.deleteFrom('home_member').where('user_id', '=', bob.userId).execute();
  assert.equal((await side.send('POST', `/homes/${ann.homeId}/binding-codes`, request)).status, 404);
});

test('a deletion can be repeated with its key although nothing is there any more', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const headers = { 'idempotency-key': 'k1' };
  assert.equal((await side.send('DELETE', `/homes/${homeId}`, { token, headers })).status, 204);
  assert.equal((await side.send('DELETE', `/homes/${homeId}`, { token, headers })).status, 204);
  assert.equal((await side.send('DELETE', `/homes/${homeId}`, { token })).status, 404);
  assert.equal((await side.send('DELETE', `/homes/${homeId}`, { token, headers: { 'idempotency-key': 'k2' } })).status, 404);
});

test('a failure is not kept: its repeat runs', async () => {
  let calls = 0;
  await using side = await UserSide.open({
    command: async () => {
      calls += 1;
      if (calls === 1) throw new Error('broken');
      return { ok: true };
    },
  });
  const { token, homeId } = await side.settle('Ann');
  const path = `/devices/${await side.addDevice(homeId)}/commands/ptz.control`;
  const request = { token, body: {}, headers: { 'idempotency-key': 'k1' } };
  assert.equal((await side.send('POST', path, request)).status, 500);
  assert.deepEqual((await side.send('POST', path, request)).body, { ok: true });
  assert.deepEqual((await side.send('POST', path, request)).body, { ok: true });
  assert.equal(calls, 2);
});

test('a key is forgotten after a day, and answers are not readable in the database', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const request = { token, body: {}, headers: { 'idempotency-key': 'k1' } };
  const path = `/homes/${homeId}/binding-codes`;
  const first = await side.send('POST', path, request);
  assert.equal((await side.send('POST', path, request)).body.code, first.body.code);
  const rows = await side.db.selectFrom('idempotency').selectAll().execute();
  assert.equal(rows.length, 1);
  assert.equal(Buffer.from(rows[0]?.answer ?? '', 'base64').includes(first.body.code), false);

  await side.clock.advance(24 * HOUR_MS);
  assert.notEqual((await side.send('POST', path, request)).body.code, first.body.code);
  await side.clock.advance(25 * HOUR_MS);
  await side.api.purgeExpired();
  assert.deepEqual(await side.db.selectFrom('idempotency').selectAll().execute(), []);
});

test('a key that is too long is refused', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const headers = { 'idempotency-key': 'k'.repeat(129) };
  const refused = await side.send('POST', '/homes', { token, body: { name: 'Cabin', timezone: 'UTC' }, headers });
  assert.deepEqual([refused.status, refused.body.code], [400, -32602]);
});
