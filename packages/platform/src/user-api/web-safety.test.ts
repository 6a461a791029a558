import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';

/** A browser that is logged in at the platform. */
async function browser(publicUrl?: string) {
  const side = await UserSide.open(publicUrl === undefined ? {} : { publicUrl });
  const { email, password, homeId } = await side.settle('Ann');
  const login = await side.send('POST', '/sessions', { body: { email, password } });
  const cookie = login.headers.get('set-cookie')?.split(';')[0] ?? '';
  return { side, cookie, token: login.body.token as string, homeId };
}

const body = { name: 'Cabin', timezone: 'UTC' };

test('a page of another site can do nothing with the cookie of the user', async () => {
  const { side, cookie } = await browser();
  await using _ = side;
  for (const origin of ['https://evil.example', 'http://127.0.0.1:1', 'null', 'nonsense', side.url.replace('http:', 'https:')]) {
    const { status, body: problem } = await side.send('POST', '/homes', { body, headers: { cookie, origin } });
    assert.deepEqual([status, problem.name], [403, 'FORBIDDEN'], origin);
  }
  assert.equal((await side.send('POST', '/homes', { body, headers: { cookie, 'sec-fetch-site': 'cross-site' } })).status, 403);
  assert.equal((await side.send('POST', '/homes', { body, headers: { cookie, origin: side.url } })).status, 201);
  assert.equal((await side.send('POST', '/homes', { body, headers: { cookie } })).status, 201);
});

test('nothing of the user is embedded in a page at another port of the host, to which browsers send the cookie', async () => {
  const { side, cookie } = await browser();
  await using _ = side;
  // `fetch` says of itself where it comes from.
  const read = async (headers: Readonly<Record<string, string>>): Promise<number | undefined> => {
    const asked = request(`${side.url}/api/v1/me`, { headers: { cookie, ...headers } });
    asked.end();
    const [response] = await once(asked, 'response');
    return response.resume().statusCode;
  };
  for (const site of ['same-site', 'cross-site']) {
    assert.equal(await read({ 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }), 403, site);
    assert.equal(await read({ 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' }), 403, site);
    assert.equal(await read({ 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }), 200, site);
  }
  assert.equal(await read({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }), 200);
});

test('behind a proxy the public address counts', async () => {
  const { side, cookie } = await browser('https://home.example');
  await using _ = side;
  assert.equal((await side.send('POST', '/homes', { body, headers: { cookie, origin: 'https://home.example' } })).status, 201);
  assert.equal((await side.send('POST', '/homes', { body, headers: { cookie, origin: 'http://home.example' } })).status, 403);
});

test('a bearer token is not the business of any page', async () => {
  const { side, token } = await browser();
  await using _ = side;
  assert.equal((await side.send('POST', '/homes', { token, body, headers: { origin: 'https://other.example' } })).status, 201);
});

test('another site cannot log a user in under its own account', async () => {
  const { side } = await browser();
  await using _ = side;
  const login = { email: 'ann@example.org', password: 'correct horse battery' };
  assert.equal((await side.send('POST', '/sessions', { body: login, headers: { origin: 'https://evil.example' } })).status, 403);
});

test('a WebSocket that another site opens is nobody', async () => {
  const { side, cookie, token } = await browser();
  await using _ = side;
  const seen: (string | undefined)[] = [];
  side.http.onUpgrade(
    () => true,
    ({ request: upgrade, socket }) => {
      void side.api.principalFromRequest(upgrade).then((principal) => {
        seen.push(principal?.userId);
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      });
    },
  );
  const upgrade = async (headers: Record<string, string>): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    request(`${side.url}/live`, { headers: { connection: 'upgrade', upgrade: 'websocket', ...headers } })
      .on('response', (response) => response.resume().on('end', resolve))
      .on('error', reject)
      .end();
    await promise;
  };
  await upgrade({ cookie, origin: 'https://evil.example' });
  await upgrade({ cookie, origin: side.url });
  await upgrade({ authorization: `Bearer ${token}`, origin: 'https://other.example' });
  await upgrade({ authorization: 'Basic YTpi', cookie });
  assert.deepEqual(
    seen.map((userId) => userId !== undefined),
    [false, true, true, false],
  );
});

test('every answer keeps other sites out: no inline script or style, no framing, no sniffing, no referrer', async () => {
  const { side, token } = await browser();
  await using _ = side;
  for (const path of [`${side.url}/api/docs`, `${side.url}/healthz`, '/me', '/no-such-thing']) {
    const { headers } = await side.send('GET', path, { token });
    const policy = headers.get('content-security-policy') ?? '';
    assert.match(policy, /default-src 'self'.*frame-ancestors 'none'/);
    assert.match(policy, /require-trusted-types-for 'script'; trusted-types 'none'/);
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
  }
});

test('no answer of the API may be kept by a cache', async () => {
  const { side, token, homeId } = await browser();
  await using _ = side;
  const segment = side.addSegment(await side.addDevice(homeId), homeId);
  for (const path of ['/me', '/homes', `/segments/${segment}/media`, '/no-such-thing']) {
    assert.equal((await side.send('GET', path, { token })).headers.get('cache-control'), 'private, no-store', path);
  }
});

test('what a device calls itself cannot leave its place in a document', async () => {
  const { side, token, homeId } = await browser();
  await using _ = side;
  const name = '</script><script>alert(1)</script>"\r\nX-Evil: 1';
  const deviceId = await side.addDevice(homeId, name);
  const { headers, body: device } = await side.send('GET', `/devices/${deviceId}`, { token });
  assert.equal(headers.get('content-type'), 'application/json; charset=utf-8');
  assert.equal(device.name, name);
});

test('the documentation lists every operation, and the process tells how it is', async () => {
  const { side, token } = await browser();
  await using _ = side;
  const page = await side.send('GET', `${side.url}/api/docs`);
  assert.match(page.body, /<code>POST<\/code><\/td><td><code>\/api\/v1\/devices\/\{id\}\/commands\/\{method\}<\/code>/);
  assert.equal((await side.send('GET', '/openapi.json')).body.openapi, '3.1.0');
  assert.deepEqual((await side.send('GET', `${side.url}/healthz`)).body, { status: 'up' });
  assert.deepEqual((await side.send('GET', `${side.url}/readyz`)).body, { status: 'ready' });
  await side.send('GET', '/me', { token });
  const metrics: string = (await side.send('GET', `${side.url}/metrics`)).body;
  assert.match(metrics, /cardea_api_requests_total\{route="me.get",status="200"\} 1/);
  assert.doesNotMatch(metrics, /ann|example/);
});

test('a platform whose database is gone is up but not ready', async () => {
  const { side } = await browser();
  await using _ = side;
  await side.db.destroy();
  assert.equal((await side.send('GET', `${side.url}/healthz`)).status, 200);
  assert.equal((await side.send('GET', `${side.url}/readyz`)).status, 503);
});
