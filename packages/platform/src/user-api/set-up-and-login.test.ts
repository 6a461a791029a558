import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';

const MINUTE_MS = 60_000;
const OWNER = { email: 'Ann@Example.org', password: 'correct horse battery', name: 'Ann' };

async function freshPlatform() {
  const side = await UserSide.open();
  const setupToken = (await side.setup.start()) ?? '';
  return { side, setupToken };
}

test('the first user is made once, with the token of the set-up link, and owns a home at once', async () => {
  const { side, setupToken } = await freshPlatform();
  await using _ = side;
  assert.deepEqual((await side.send('GET', '/setup')).body, { needed: true });

  const wrong = await side.send('POST', '/setup', { body: { ...OWNER, setupToken: 'guess' } });
  assert.deepEqual([wrong.status, wrong.body.code], [401, 1001]);

  const made = await side.send('POST', '/setup', { body: { ...OWNER, setupToken, timezone: 'America/Lima' } });
  assert.equal(made.status, 201);
  assert.equal(made.body.user.email, 'ann@example.org');
  const homes = await side.send('GET', '/homes', { token: made.body.token });
  assert.deepEqual(
    homes.body.items.map(({ name, timezone, role }: Record<string, string>) => [name, timezone, role]),
    [['Home', 'America/Lima', 'owner']],
  );

  const again = await side.send('POST', '/setup', { body: { ...OWNER, email: 'eve@example.org', setupToken } });
  assert.deepEqual([again.status, again.body.name], [409, 'INVALID_STATE']);
  assert.deepEqual((await side.send('GET', '/setup')).body, { needed: false });
  assert.equal(await side.setup.start(), undefined);
});

test('of many set-ups at the same moment one makes the owner', async () => {
  const { side, setupToken } = await freshPlatform();
  await using _ = side;
  const tries = await Promise.all(
    Array.from({ length: 8 }, (_, n) => side.send('POST', '/setup', { body: { ...OWNER, email: `user${n}@example.org`, setupToken } })),
  );
  assert.deepEqual(tries.map(({ status }) => status).sort(), [201, 409, 409, 409, 409, 409, 409, 409]);
  assert.equal((await side.db.selectFrom('home').select('id').execute()).length, 1);
});

test('each start of a platform without owner prints another token', async () => {
  const { side, setupToken } = await freshPlatform();
  await using _ = side;
  const next = await side.setup.start();
  assert.notEqual(next, setupToken);
  assert.equal((await side.send('POST', '/setup', { body: { ...OWNER, setupToken } })).status, 401);
});

test('a set-up that is refused for its body leaves the platform without owner', async () => {
  const { side, setupToken } = await freshPlatform();
  await using _ = side;
  for (const change of [{ password: 'short' }, { email: 'nobody' }, { timezone: 'Moon/Tycho' }, { name: '' }]) {
    const refused = await side.send('POST', '/setup', { body: { ...OWNER, setupToken, ...change } });
    assert.deepEqual([refused.status, refused.body.name], [400, 'INVALID_PARAMS'], JSON.stringify(change));
  }
  assert.equal((await side.send('POST', '/setup', { body: { ...OWNER, setupToken } })).status, 201);
});

test('a login answers with a token and a cookie; either shows who asks', async () => {
  await using side = await UserSide.open();
  const { email, password, userId } = await side.settle('Ann');
  const login = await side.send('POST', '/sessions', { body: { email: email.toUpperCase(), password } });
  assert.equal(login.status, 201);
  assert.equal(login.body.user.id, userId);
  assert.ok(login.body.expiresAt > side.clock.now());

  const [cookie = ''] = login.headers.getSetCookie();
  assert.match(cookie, /^cardea=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  const byCookie = await side.send('GET', '/me', { headers: { cookie: `theme=dark; ${cookie.split(';')[0]}` } });
  const byToken = await side.send('GET', '/me', { token: login.body.token });
  assert.deepEqual([byCookie.status, byCookie.body], [200, byToken.body]);
  assert.equal(byToken.body.email, email);
});

test('over https the cookie is bound to the host and never sent in the clear', async () => {
  await using side = await UserSide.open({ publicUrl: 'https://home.example' });
  const { email, password } = await side.settle('Ann');
  const login = await side.send('POST', '/sessions', { body: { email, password } });
  for (const cookie of login.headers.getSetCookie())
    assert.match(cookie, /^__Host-cardea(-device)?=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict; Secure$/);
  assert.equal(login.headers.get('strict-transport-security'), 'max-age=31536000');
});

test('a wrong password, an unknown address and no address at all are refused alike', async () => {
  await using side = await UserSide.open();
  const { email, password } = await side.settle('Ann');
  const bodies = [];
  for (const body of [
    { email, password: 'wrong password' },
    { email: 'x@example.org', password },
    { email: 'nobody', password },
  ]) {
    const { status, headers, body: answer } = await side.send('POST', '/sessions', { body });
    assert.equal(status, 401);
    assert.equal(headers.get('set-cookie'), null);
    bodies.push(answer);
  }
  assert.deepEqual(bodies[1], bodies[0]);
  assert.deepEqual(bodies[2], bodies[0]);
});

test('after ten wrong passwords the answer is 429 with the time to wait', async () => {
  await using side = await UserSide.open();
  const { email, password } = await side.settle('Ann');
  for (let n = 0; n < 10; n += 1) {
    assert.equal((await side.send('POST', '/sessions', { body: { email, password: `wrong ${n}` } })).status, 401);
  }
  const locked = await side.send('POST', '/sessions', { body: { email, password } });
  assert.deepEqual([locked.status, locked.body.code, locked.headers.get('retry-after')], [429, 1010, '900']);
  await side.clock.advance(15 * MINUTE_MS);
  assert.equal((await side.send('POST', '/sessions', { body: { email, password } })).status, 201);
});

test('logging out ends the session everywhere at once, and only that one', async () => {
  await using side = await UserSide.open();
  const { email, password, token } = await side.settle('Ann');
  const second = (await side.send('POST', '/sessions', { body: { email, password }, headers: { 'user-agent': 'Phone' } })).body.token;
  const revoked: string[] = [];
  using _ = side.bus.subscribe('revoked', ({ id }) => revoked.push(id));

  const { items } = (await side.send('GET', '/sessions', { token })).body;
  assert.equal(items.length, 2);
  const phone = items.find((session: { userAgent?: string }) => session.userAgent === 'Phone');
  assert.deepEqual([phone.current, phone.address], [false, '127.0.0.1']);

  assert.equal((await side.send('DELETE', `/sessions/${phone.id}`, { token })).status, 204);
  assert.deepEqual(revoked, [phone.id]);
  assert.equal((await side.send('GET', '/me', { token: second })).status, 401);
  assert.equal((await side.send('GET', '/me', { token })).status, 200);

  const out = await side.send('DELETE', '/sessions/current', { token });
  assert.match(out.headers.get('set-cookie') ?? '', /^cardea=; .*Max-Age=0/);
  assert.equal((await side.send('GET', '/me', { token })).status, 401);
});

test('nobody can log out somebody else', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  const eve = await side.settle('Eve');
  const { items } = (await side.send('GET', '/sessions', { token: ann.token })).body;
  assert.equal((await side.send('DELETE', `/sessions/${items[0].id}`, { token: eve.token })).status, 404);
  assert.equal((await side.send('GET', '/me', { token: ann.token })).status, 200);
});

test('a link that logs in works once', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const oneTime = await side.accounts.createOneTimeToken(token);
  const login = await side.send('POST', '/sessions/one-time', { body: { token: oneTime } });
  assert.equal(login.status, 201);
  assert.ok(login.headers.get('set-cookie')?.startsWith('cardea='));
  assert.equal((await side.send('GET', '/me', { token: login.body.token })).body.name, 'Ann');
  assert.equal((await side.send('POST', '/sessions/one-time', { body: { token: oneTime } })).status, 401);
});

test('a user changes name and password; another password ends all other sessions', async () => {
  await using side = await UserSide.open();
  const { email, password, token } = await side.settle('Ann');
  const other = (await side.send('POST', '/sessions', { body: { email, password } })).body.token;
  assert.equal((await side.send('PATCH', '/me', { token, body: { name: 'Anna' } })).body.name, 'Anna');

  const wrong = await side.send('PATCH', '/me', { token, body: { password: { current: 'not it', next: 'another password' } } });
  assert.deepEqual([wrong.status, wrong.body.name], [403, 'FORBIDDEN']);
  assert.equal((await side.send('GET', '/me', { token: other })).status, 200);

  const changed = await side.send('PATCH', '/me', { token, body: { password: { current: password, next: 'another password' } } });
  assert.equal(changed.status, 200);
  assert.equal((await side.send('GET', '/me', { token: other })).status, 401);
  assert.equal((await side.send('GET', '/me', { token })).body.name, 'Anna');
  assert.equal((await side.send('POST', '/sessions', { body: { email, password } })).status, 401);
  assert.equal((await side.send('POST', '/sessions', { body: { email, password: 'another password' } })).status, 201);
});
