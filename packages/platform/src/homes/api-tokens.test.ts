import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';

const HOUR_MS = 3_600_000;

async function scripts() {
  const side = await UserSide.open();
  const ann = await side.settle('Ann');
  const [door, hall] = [await side.addDevice(ann.homeId, 'Door'), await side.addDevice(ann.homeId, 'Hall')];
  const make = (body: object, token = ann.token) => side.send('POST', '/tokens', { token, body: { name: 'Script', ...body } });
  const status = async (method: string, path: string, token: string, body?: object) =>
    (await side.send(method, path, { token, ...(body && { body }) })).status;
  return { side, ann, door, hall, make, status };
}

test('an API token does what it says, on the devices it names, and nothing of the account', async () => {
  const { side, ann, door, hall, make, status } = await scripts();
  await using _ = side;
  const made = await make({ actions: ['view.live', 'control'], devices: [door] });
  assert.equal(made.status, 201);
  assert.deepEqual([made.body.actions, made.body.devices, made.body.name], [['view.live', 'control'], [door], 'Script']);
  const { token } = made.body;
  assert.equal(await status('GET', `/devices/${door}`, token), 200);
  assert.equal(await status('POST', `/devices/${door}/commands/ptz.control`, token, { channel: 1, action: 'stop' }), 200);
  assert.equal(await status('GET', `/devices/${hall}`, token), 404);
  assert.equal(await status('GET', `/devices/${door}/segments`, token), 403);
  const listed = await side.send('GET', '/devices', { token });
  assert.deepEqual(
    listed.body.items.map(({ id }: { id: string }) => id),
    [door],
  );
  for (const [method, path] of [
    ['PATCH', '/me'],
    ['GET', '/sessions'],
    ['DELETE', '/sessions/current'],
    ['POST', '/homes'],
    ['GET', '/tokens'],
    ['POST', '/tokens'],
    ['DELETE', `/homes/${ann.homeId}/members/${ann.userId}`],
  ] as const) {
    assert.equal(await status(method, path, token, method === 'GET' ? undefined : {}), 403, `${method} ${path}`);
  }
});

test('an API token with everything still cannot do what needs a fresh login, or act beyond its devices', async () => {
  const { side, ann, door, make, status } = await scripts();
  await using _ = side;
  const { token } = (await make({ actions: ['view.live', 'manage'], devices: [door] })).body;
  assert.equal(await status('POST', `/homes/${ann.homeId}/binding-codes`, token, {}), 403);
  assert.equal(await status('GET', `/homes/${ann.homeId}`, token), 200);
  const principal = { userId: ann.userId, userSessionId: 's', authenticatedAt: 0 };
  assert.throws(() => side.authorizer.assertFresh(principal), { status: 'FORBIDDEN' });
});

test('an API token is never more than its maker, then and later', async () => {
  const { side, ann, door, make, status } = await scripts();
  await using _ = side;
  const gil = await side.admit('Gil', ann.homeId, ['view.live', 'view.events']);
  assert.equal((await make({ actions: ['control'], devices: ['*'] }, gil.token)).status, 403);
  const foreign = await side.addDevice((await side.settle('Eve')).homeId);
  assert.equal((await make({ actions: ['view.live'], devices: [foreign] }, gil.token)).status, 404);
  const { token } = (await make({ actions: ['view.live', 'view.events'], devices: ['*'] }, gil.token)).body;
  assert.equal(await status('GET', `/devices/${door}`, token), 200);
  await side.db.updateTable('home_member').set({ actions: '["view.events"]' }).where('user_id', '=', gil.userId).execute();
  assert.equal(await status('GET', `/devices/${door}`, token), 403);
  await side.db.deleteFrom('home_member').where('user_id', '=', gil.userId).execute();
  assert.equal(await status('GET', `/devices/${door}`, token), 404);
});

test('an API token ends by itself or when it is told to, is shown once and kept as a hash', async () => {
  const { side, ann, door, make, status } = await scripts();
  await using _ = side;
  const first = (await make({ actions: ['view.live'], devices: ['*'], expiresAt: side.clock.now() + HOUR_MS })).body;
  const second = (await make({ actions: ['view.live'], devices: ['*'] })).body;
  assert.equal(await status('GET', `/devices/${door}`, first.token), 200);
  const listed = await side.send('GET', '/tokens', { token: ann.token });
  assert.deepEqual(
    listed.body.items.map(({ id, usedAt }: Record<string, unknown>) => [id, usedAt]),
    [
      [first.id, side.clock.now()],
      [second.id, undefined],
    ],
  );
  const dump = JSON.stringify(await side.db.selectFrom('api_token').selectAll().execute());
  for (const { token } of [first, second]) {
    assert.equal(JSON.stringify(listed.body).includes(token), false);
    assert.equal(dump.includes(token), false);
  }
  await side.clock.advance(HOUR_MS);
  assert.equal(await status('GET', `/devices/${door}`, first.token), 401);
  assert.equal(await status('DELETE', `/tokens/${second.id}`, ann.token), 204);
  assert.equal(await status('GET', `/devices/${door}`, second.token), 401);
  const stranger = await side.settle('Sam');
  assert.equal(await status('DELETE', `/tokens/${first.id}`, stranger.token), 404);
  assert.equal((await make({ actions: ['view.live'], devices: ['*'], expiresAt: 1 })).status, 400);
});
