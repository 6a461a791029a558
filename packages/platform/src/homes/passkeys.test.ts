import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SoftwarePasskey } from '../testing/software-passkey.ts';
import { type Household, UserSide } from '../testing/user-side.ts';

const ORIGIN = 'https://home.example';
const MINUTE_MS = 60_000;

async function withPasskey() {
  const side = await UserSide.open({ publicUrl: ORIGIN });
  const ann = await side.settle('Ann');
  const key = new SoftwarePasskey(ORIGIN);
  const post = (path: string, body: object = {}, token?: string) => side.send('POST', path, { body, ...(token && { token }) });
  const options = (await post('/me/passkeys/begin', {}, ann.token)).body;
  const made = await post('/me/passkeys', { name: 'Phone', credential: key.create(options) }, ann.token);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  const ask = async () => (await post('/sessions/passkey/question')).body;
  const login = async (presence = {}) => await post('/sessions/passkey', key.get(await ask(), presence));
  return { side, ann, key, post, options, made: made.body, ask, login };
}

test('a passkey logs its user in without password or code, and counts as a fresh login', async () => {
  const { side, ann, made, options, login } = await withPasskey();
  await using _ = side;
  assert.deepEqual(
    [options.rp.id, options.authenticatorSelection],
    ['home.example', { residentKey: 'required', userVerification: 'required', requireResidentKey: true }],
  );
  assert.deepEqual(Object.keys(made).sort(), ['createdAt', 'id', 'name', 'synced']);
  await side.clock.advance(10 * MINUTE_MS);
  const old = await side.send('POST', '/me/passkeys/begin', { body: {}, token: ann.token });
  assert.deepEqual([old.status, old.body.stepUp], [403, true]);
  const fresh = await login();
  assert.deepEqual([fresh.status, fresh.body.user.email], [201, ann.email]);
  assert.match(fresh.headers.get('set-cookie') ?? '', /__Host-cardea=/);
  const homes = await side.send('GET', '/homes', { token: fresh.body.token });
  assert.equal(homes.body.items[0].id, ann.homeId);
  const [listed] = (await side.send('GET', '/me/passkeys', { token: fresh.body.token })).body.items;
  assert.equal(listed.usedAt, side.clock.now());
});

test('passkeys are listed, renamed and removed by their user alone; the password goes on to work', async () => {
  const { side, ann, made, login } = await withPasskey();
  await using _ = side;
  const ben = await side.settle('Ben');
  const path = `/me/passkeys/${made.id}`;
  assert.deepEqual((await side.send('GET', '/me/passkeys', { token: ben.token })).body.items, []);
  assert.equal((await side.send('PATCH', path, { token: ben.token, body: { name: 'Mine' } })).status, 404);
  assert.equal((await side.send('DELETE', path, { token: ben.token })).status, 404);
  assert.equal((await side.send('PATCH', path, { token: ann.token, body: { name: 'Old phone' } })).body.name, 'Old phone');
  assert.equal((await side.send('DELETE', path, { token: ann.token })).status, 204);
  assert.equal((await login()).status, 401);
  const { email, password } = ann;
  assert.equal((await side.send('POST', '/sessions', { body: { email, password } })).status, 201);
});

test('a signature that is not for this page, this moment and a user who was there lets nobody in, and says nothing', async () => {
  const { side, key, post, ask, login } = await withPasskey();
  await using _ = side;
  const good = key.get(await ask());
  const changed = { ...good, response: { ...good.response, signature: `${good.response.signature.slice(0, -8)}AAAAAAAA` } };
  const stranger = new SoftwarePasskey(ORIGIN);
  const stale = await ask();
  await side.clock.advance(5 * MINUTE_MS);
  const refusals = [
    await login({ origin: 'https://home.example.evil' }),
    await login({ host: 'evil.example' }),
    await login({ verified: false }),
    await login({ userHandle: Buffer.from('somebody else').toString('base64url') }),
    await post('/sessions/passkey', changed),
    await post('/sessions/passkey', stranger.get(await ask(), { userHandle: 'AAAA' })),
    await post('/sessions/passkey', key.get(stale)),
    await post('/sessions/passkey', key.get({ challenge: Buffer.alloc(54).toString('base64url') })),
  ];
  for (const { status, body } of refusals) assert.deepEqual([status, body], [401, refusals[0]?.body]);
  assert.equal((await login()).status, 201);
});

test('an answer counts once, of many who send it at the same time', async () => {
  const { side, key, post, ask } = await withPasskey();
  await using _ = side;
  const answer = key.get(await ask());
  const statuses = (await Promise.all([1, 2, 3].map(() => post('/sessions/passkey', answer)))).map(({ status }) => status);
  assert.deepEqual(statuses.sort(), [201, 401, 401]);
});

test('a passkey whose counter goes back was copied, and is refused', async () => {
  const { side, key, login } = await withPasskey();
  await using _ = side;
  key.counter = 10;
  assert.equal((await login()).status, 201);
  key.counter = 5;
  assert.equal((await login()).status, 401);
  key.counter = 10;
  assert.equal((await login()).status, 401);
  assert.equal((await login()).status, 201);
});

test('a new passkey counts only in the login that asked for it, once, and never for a second account', async () => {
  const { side, ann, post, options, key } = await withPasskey();
  await using _ = side;
  const ben = await side.settle('Ben');
  const keep = (household: Household, credential: object) => post('/me/passkeys', { name: 'Key', credential }, household.token);
  assert.equal((await keep(ann, key.create(options))).status, 400);
  const other = new SoftwarePasskey(ORIGIN);
  const forBen = (await post('/me/passkeys/begin', {}, ben.token)).body;
  assert.equal((await keep(ann, other.create(forBen))).status, 400);
  assert.equal((await keep(ben, other.create(forBen, { verified: false }))).status, 400);
  assert.equal((await keep(ben, key.create(forBen))).status, 409);
});

test('where the platform has only an address there are no passkeys', async () => {
  await using side = await UserSide.open({ publicUrl: 'https://192.0.2.1' });
  const { token } = await side.settle('Ann');
  assert.equal((await side.send('POST', '/me/passkeys/begin', { body: {}, token })).status, 422);
  assert.equal((await side.send('POST', '/sessions/passkey/question', { body: {} })).status, 422);
});

test('logging in with passkeys, and that it was refused, is written down', async () => {
  const { side, login } = await withPasskey();
  await using _ = side;
  await login();
  await login({ verified: false });
  const rows = await side.db.selectFrom('audit').selectAll().where('action', 'like', '%asskey%').execute();
  assert.deepEqual(
    rows.map(({ action, user_id: userId }) => [action, userId !== null]),
    [
      ['passkey.create', true],
      ['session.createWithPasskey', true],
      ['session.createWithPasskey', false],
    ],
  );
});
