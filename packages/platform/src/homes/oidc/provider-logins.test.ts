import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { JWTPayload } from 'jose';
import { OidcServer, pressButton } from '../../testing/oidc-server.ts';
import { type Household, UserSide } from '../../testing/user-side.ts';
import { OidcProvider } from './oidc-provider.ts';
import type { OidcRules } from './oidc-rules.ts';

const APP = 'https://home.example';
const noRules: OidcRules = { allowedDomains: [], operatorDomains: [], operatorClaim: '' };
const operatorsByGroup: OidcRules = { ...noRules, operatorClaim: 'groups=cardea' };

async function world(rules = noRules) {
  const server = await OidcServer.open(APP);
  const { client_id: clientId, client_secret: clientSecret } = server.client;
  const provider = new OidcProvider({ issuer: server.issuer, clientId, clientSecret, redirectUrl: () => `${APP}/login/provider` });
  const side = await UserSide.open({ publicUrl: APP, oidc: { provider, rules } });
  server.accounts.set('ann', { email: 'Ann@corp.example', email_verified: true, name: 'Ann', groups: ['cardea', 'other'] });
  server.accounts.set('bob', { email: 'bob@corp.example', email_verified: true, name: 'Bob' });
  server.user = 'ann';
  const begin = async (path = '/sessions/provider/begin', token?: string) => {
    const { status, body, headers } = await side.send('POST', path, { body: {}, ...(token && { token }) });
    const kept = /cardea-asked=([^;]+)/.exec(headers.get('set-cookie') ?? '')?.[1] ?? '';
    return { status, url: String(body.url), cookie: `__Host-cardea-asked=${kept}` };
  };
  const finish = (query: string, cookie: string, more: object = {}) =>
    side.send('POST', '/sessions/provider', { body: { query, ...more }, headers: { cookie } });
  const login = async (more: object = {}) => {
    const { url, cookie } = await begin();
    return await finish(await pressButton(url), cookie, more);
  };
  const link = async ({ token }: Household) => {
    const { url, cookie } = await begin('/me/identities/begin', token);
    return await side.send('POST', '/me/identities', { token, body: { query: await pressButton(url) }, headers: { cookie } });
  };
  return {
    ...{ server, side, begin, finish, login, link },
    [Symbol.asyncDispose]: async () => {
      await side[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

test('an account at the provider that its user linked logs in, and no longer once it is unlinked', async () => {
  await using here = await world();
  const { side, login, link } = here;
  const settled = await side.settle('Settled');
  const stranger = await login();
  assert.deepEqual([stranger.status, stranger.body.details], [403, { reason: 'notLinked' }]);
  const linked = await link(settled);
  assert.deepEqual([linked.status, linked.body.email], [201, 'ann@corp.example']);
  assert.equal((await link(settled)).status, 409);
  const fresh = await login();
  assert.deepEqual([fresh.status, fresh.body.user.email], [201, settled.email]);
  assert.equal((await side.send('DELETE', `/me/identities/${linked.body.id}`, { token: settled.token })).status, 204);
  assert.equal((await login()).status, 403);
});

test('that the address is the same links nothing: whoever made the account here could have typed any', async () => {
  await using here = await world(operatorsByGroup);
  const { side, server, login } = here;
  await side.accounts.register({ email: 'ann@corp.example', name: 'Not Ann', password: 'a few easy words' }, { address: '192.0.2.1' });
  const refused = await login();
  assert.deepEqual([refused.status, refused.body.details], [403, { reason: 'linkFirst' }]);
  server.accounts.set('eve', { email: 'eve@corp.example', email_verified: false, groups: ['cardea'] });
  server.user = 'eve';
  assert.deepEqual((await login()).body.details, { reason: 'notLinked' });
});

test('an invitation to the address the provider verified makes the account and joins the home', async () => {
  await using here = await world();
  const { side, login } = here;
  const owner = await side.settle('Owner');
  const invite = async (email: string) => {
    const body = { email, role: 'guest' };
    return (await side.send('POST', `/homes/${owner.homeId}/members`, { token: owner.token, body })).body.inviteToken;
  };
  assert.equal((await login({ inviteToken: await invite('somebody@else.example') })).status, 403);
  const joined = await login({ inviteToken: await invite('ann@corp.example') });
  assert.deepEqual([joined.status, joined.body.user.name], [201, 'Ann']);
  const { body: homes } = await side.send('GET', '/homes', { token: joined.body.token });
  assert.equal(homes.items[0].id, owner.homeId);
  const [identity] = (await side.send('GET', '/me/identities', { token: joined.body.token })).body.items;
  assert.equal((await side.send('DELETE', `/me/identities/${identity.id}`, { token: joined.body.token })).status, 409);
  assert.equal((await login()).body.user.id, joined.body.user.id);
});

test('the claim makes whoever has it run the platform, and see nothing of any home', async () => {
  await using here = await world(operatorsByGroup);
  const { side, server, login } = here;
  const owner = await side.settle('Owner');
  const operator = (await login()).body;
  const ask = (path: string, token = operator.token) => side.send('GET', path, { token });
  assert.equal((await ask('/platform')).status, 200);
  assert.deepEqual((await ask('/homes')).body.items, []);
  assert.equal((await ask(`/homes/${owner.homeId}`)).status, 404);
  assert.equal((await ask('/platform', owner.token)).status, 403);
  await side.clock.advance(12 * 3_600_000);
  assert.equal((await ask('/platform')).status, 403);
  server.accounts.set('ann', { email: 'ann@corp.example', email_verified: true, groups: ['other'] });
  const later = (await login()).body;
  assert.equal((await ask('/platform', later.token)).status, 403);
  server.user = 'bob';
  assert.deepEqual((await login()).body.details, { reason: 'notLinked' });
});

test('only the domains that are allowed log in', async () => {
  await using here = await world({ allowedDomains: ['Corp.example'], operatorDomains: ['corp.example'], operatorClaim: '' });
  const { server, login } = here;
  assert.equal((await login()).status, 201);
  server.accounts.set('out', { email: 'out@corp.example.evil', email_verified: true });
  server.user = 'out';
  assert.deepEqual((await login()).body.details, { reason: 'notAllowed' });
});

test('an answer counts in the browser that asked, for what it asked, once', async () => {
  await using here = await world();
  const { side, begin, finish, link } = here;
  const settled = await side.settle('Settled');
  await link(settled);
  const [mine, other] = [await begin(), await begin()];
  const query = await pressButton(mine.url);
  const state = new URLSearchParams(query).get('state') ?? '';
  const forLink = await begin('/me/identities/begin', settled.token);
  for (const refused of [
    await finish(query, other.cookie),
    await finish(query, ''),
    await finish(query.replace(state, `${state.slice(0, -2)}AA`), mine.cookie),
    await finish(query.replace(encodeURIComponent(here.server.issuer), encodeURIComponent('http://127.0.0.1:1')), mine.cookie),
    await finish('?error=access_denied&state=x', mine.cookie),
    await finish(await pressButton(forLink.url), forLink.cookie),
  ]) {
    assert.deepEqual([refused.status, refused.body.name], [401, 'UNAUTHORIZED']);
  }
  assert.equal((await finish(query, mine.cookie)).status, 201);
  assert.equal((await finish(query, mine.cookie)).status, 401);
  const late = await begin();
  const lateQuery = await pressButton(late.url);
  await side.clock.advance(10 * 60_000);
  assert.equal((await finish(lateQuery, late.cookie)).status, 401);
});

test('an ID token with another issuer, audience, nonce, time or key is refused', async () => {
  await using here = await world();
  const { side, server, login, link } = here;
  await link(await side.settle('Settled'));
  const nowSec = Math.floor(side.clock.now() / 1_000);
  const evil = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const changes: readonly JWTPayload[] = [
    { iss: 'http://127.0.0.1:1' },
    { aud: 'somebody else' },
    { aud: ['cardea', 'somebody else'], azp: 'somebody else' },
    { nonce: 'another' },
    { exp: nowSec - 3_600 },
    { auth_time: nowSec - 3_600 },
  ];
  for (const change of changes) {
    server.tamper = (claims) => ({ claims: { ...claims, ...change } });
    assert.equal((await login()).status, 401, JSON.stringify(change));
    await side.clock.advance(16 * 60_000);
  }
  server.tamper = (claims) => ({ claims, key: evil });
  assert.equal((await login()).status, 401);
  server.tamper = (claims) => ({ claims });
  assert.equal((await login()).status, 201);
});

test('logging out there as well ends the login here, and leads to the provider and back', async () => {
  await using here = await world(operatorsByGroup);
  const { side, server, login } = here;
  const { token } = (await login()).body;
  const out = await side.send('POST', '/sessions/provider/log-out', { body: {}, token });
  const url = new URL(out.body.url);
  assert.deepEqual([out.status, url.origin, url.pathname], [200, server.issuer, '/session/end']);
  assert.deepEqual(Object.fromEntries(url.searchParams), { client_id: 'cardea', post_logout_redirect_uri: `${APP}/login` });
  assert.equal((await fetch(url)).status, 200);
  assert.equal((await side.send('GET', '/me', { token })).status, 401);
  const rows = await side.db.selectFrom('audit').select(['action', 'user_id']).where('action', 'like', '%rovider%').execute();
  assert.deepEqual(
    rows.map(({ action, user_id: userId }) => [action, userId !== null]),
    [
      ['session.createWithProvider', true],
      ['provider.logOut', true],
    ],
  );
});

test('without a provider there is nothing to log in at, and that is said', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  for (const path of ['/sessions/provider/begin', '/me/identities/begin', '/sessions/provider/log-out']) {
    assert.equal((await side.send('POST', path, { body: {}, token })).status, path.endsWith('log-out') ? 200 : 422, path);
  }
});

test('while the provider is away that is said, and passwords work; afterwards it works again', async () => {
  await using here = await world();
  const { side, begin, finish } = here;
  const settled = await side.settle('Settled');
  const away = new OidcProvider({
    ...here.server.client,
    issuer: 'http://127.0.0.1:1',
    clientId: 'cardea',
    clientSecret: '',
    redirectUrl: () => APP,
  });
  await assert.rejects(away.loginUrl({ state: 's', nonce: 'n', verifier: 'v' }), { status: 'UNSPECIFIED' });
  const asked = await begin();
  const query = await pressButton(asked.url);
  await here.server[Symbol.asyncDispose]();
  const refused = await finish(query, asked.cookie);
  assert.deepEqual([refused.status, refused.body.details], [502, { reason: 'providerAway' }]);
  const { email, password } = settled;
  assert.equal((await side.send('POST', '/sessions', { body: { email, password } })).status, 201);
  const out = await side.send('POST', '/sessions/provider/log-out', { body: {}, token: settled.token });
  assert.equal(out.status, 200);
  assert.equal((await side.send('GET', '/me', { token: settled.token })).status, 401);
});
