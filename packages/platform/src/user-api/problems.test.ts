import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '@cardea/core';
import { UserSide } from '../testing/user-side.ts';

/** A platform whose devices answer every command with `error`. */
async function refusing(error: () => unknown) {
  const side = await UserSide.open({
    command: async () => {
      throw error();
    },
  });
  const { token, homeId } = await side.settle('Ann');
  const deviceId = await side.addDevice(homeId);
  return { side, command: () => side.send('POST', `/devices/${deviceId}/commands/ptz.control`, { token, body: {} }) };
}

test('a problem is one document with a code, a name and words', async () => {
  await using side = await UserSide.open();
  const { status, headers, body } = await side.send('GET', '/me');
  assert.equal(status, 401);
  assert.equal(headers.get('content-type'), 'application/problem+json');
  assert.equal(headers.get('www-authenticate'), 'Bearer realm="cardea"');
  assert.equal(headers.get('cache-control'), 'private, no-store');
  assert.deepEqual(body, {
    type: 'urn:cardea:problem:UNAUTHORIZED',
    title: 'no valid credential',
    status: 401,
    detail: 'no valid credential',
    code: 1001,
    name: 'UNAUTHORIZED',
    retryable: false,
  });
});

test('a body that does not fit names the members that are wrong', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const { status, body } = await side.send('POST', '/homes', { token, body: { name: '' } });
  assert.deepEqual([status, body.code, body.name], [400, -32602, 'INVALID_PARAMS']);
  assert.ok(body.details.problems.some(({ path }: { path: string }) => path === '/name'));
  assert.match(body.detail, /timezone|name/);
});

test('a query that does not fit is refused, one that fits is read as numbers', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const path = `/devices/${await side.addDevice(homeId)}/segments`;
  for (const query of ['?limit=0', '?limit=201', '?limit=many', '?from=-1', '?channel=0', '?cursor=']) {
    assert.equal((await side.send('GET', path + query, { token })).status, 400, query);
  }
  assert.equal((await side.send('GET', `${path}?limit=200&from=1767225600000&channel=1`, { token })).status, 200);
});

test('what is no JSON, too large or of another type is refused as such', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const broken = await side.send('POST', '/homes', { token, body: '{"name":' });
  assert.deepEqual([broken.status, broken.body.code], [400, -32700]);
  const large = await side.send('POST', '/homes', { token, body: { name: 'x'.repeat(300_000), timezone: 'UTC' } });
  assert.deepEqual([large.status, large.body.code], [413, 1809]);
  for (const type of ['text/xml', 'text/plain', 'application/x-www-form-urlencoded']) {
    const other = await side.send('POST', '/homes', { token, body: '{"name":"A","timezone":"UTC"}', headers: { 'content-type': type } });
    assert.deepEqual([other.status, other.body.code], [415, -32600], type);
  }
});

test('a client that names JSON for a body it does not send is understood', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const json = { 'content-type': 'application/json' };
  assert.equal((await side.send('POST', `/homes/${homeId}/binding-codes`, { token, headers: json })).status, 201);
  assert.equal((await side.send('DELETE', `/homes/${homeId}`, { token, headers: json })).status, 204);
});

test('a name is something one can see', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const { status, body } = await side.send('POST', '/homes', { token, body: { name: ' \t', timezone: 'UTC' } });
  assert.deepEqual([status, body.code], [400, -32602]);
});

test('a cursor of another list is refused, wherever there are pages', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const device = `/devices/${await side.addDevice(homeId)}`;
  for (const list of ['/devices', '/events', '/audit', `${device}/timeline`]) {
    const { status, body } = await side.send('GET', `${list}?cursor=zzz`, { token });
    assert.deepEqual([status, body.code], [400, -32602], list);
  }
});

test('an address says which methods it takes', async () => {
  await using side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const put = await side.send('PUT', `/homes/${homeId}`, { token, body: {} });
  assert.deepEqual([put.status, put.body.code, put.headers.get('allow')], [405, -32600, 'GET, HEAD, PATCH, DELETE, OPTIONS']);
  const options = await side.send('OPTIONS', '/me', {
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' },
  });
  assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, HEAD, PATCH, OPTIONS']);
  assert.equal(options.headers.get('access-control-allow-origin'), null);
  assert.equal((await side.send('GET', `/homes/${'x'.repeat(400)}`, { token })).status, 404);
  const got = await side.send('GET', '/invitations/show', { token });
  assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST, OPTIONS']);
});

test('what can be read can be asked about without its body', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  const whole = await side.send('GET', '/me', { token });
  const head = await side.send('HEAD', '/me', { token });
  assert.deepEqual([head.status, head.body], [200, '']);
  for (const name of ['content-type', 'content-length', 'cache-control']) assert.equal(head.headers.get(name), whole.headers.get(name));
  assert.equal((await side.send('HEAD', '/me')).status, 401);
  const stream = await side.send('HEAD', '/event-stream', { token });
  assert.deepEqual([stream.status, stream.headers.get('content-type')], [200, 'text/event-stream']);
});

test('an address that is none is a problem document too', async () => {
  await using side = await UserSide.open();
  const { status, headers, body } = await side.send('GET', '/no-such-thing');
  assert.deepEqual([status, body.code, headers.get('content-type')], [404, 1007, 'application/problem+json']);
});

test('what broke inside is not told', async () => {
  const { side, command } = await refusing(
    () => new AppError('INTERNAL_ERROR', { path: '/data/keys' }, { message: 'secret at /data/keys' }),
  );
  await using _ = side;
  const { status, body } = await command();
  assert.equal(status, 500);
  assert.equal(JSON.stringify(body).includes('/data'), false);
});

test('a refusal of the device carries its code and data', async () => {
  const remote = { code: 1012, message: 'privacy is on', data: { name: 'PRIVACY_MODE', retryable: false } };
  const { side, command } = await refusing(() => AppError.fromRemote(remote));
  await using _ = side;
  const { status, body } = await command();
  assert.equal(status, 409);
  assert.deepEqual([body.code, body.name, body.detail], [1012, 'PRIVACY_MODE', 'privacy is on']);
  assert.deepEqual([body.deviceError, body.deviceErrorData], [1012, remote.data]);
});

test('the HTTP status of a failed command says who could not do what', async () => {
  const expectations: readonly (readonly [string, AppError, number, number])[] = [
    ['the device has no such method', AppError.fromRemote({ code: -32601, message: 'no' }), 422, -32601],
    ['the device lacks the capability', AppError.fromRemote({ code: 1003, message: 'no' }), 422, 1003],
    ['the device sleeps, as it says', AppError.fromRemote({ code: 1015, message: 'no' }), 409, 1015],
    ['the device gave up waiting', AppError.fromRemote({ code: 1005, message: 'no' }), 504, 1005],
    ['the device found the params wrong', AppError.fromRemote({ code: -32602, message: 'no' }), 409, -32602],
    ['the head is at its end', AppError.fromRemote({ code: 1200, message: 'no' }), 409, 1200],
    ['the device has a code of its own', AppError.fromRemote({ code: 9_999, message: 'no' }), 409, 1000],
    ['the platform knows it cannot', new AppError('NOT_SUPPORTED'), 422, 1003],
    ['the device is not connected', new AppError('DEVICE_OFFLINE'), 409, 1016],
    ['the device does not wake', new AppError('DEVICE_ASLEEP'), 409, 1015],
    ['nobody answered', new AppError('TIMEOUT'), 504, 1005],
    ['the answer had another shape', new AppError('UNSPECIFIED'), 502, 1000],
    ['an address of another server was given', new AppError('FORBIDDEN'), 403, 1002],
  ];
  let error = new AppError('TIMEOUT');
  const { side, command } = await refusing(() => error);
  await using _ = side;
  for (const [name, failure, status, code] of expectations) {
    error = failure;
    const answer = await command();
    assert.deepEqual([answer.status, answer.body.code], [status, code], name);
    assert.equal(answer.body.deviceError, failure.remote?.code, name);
  }
});

test('a method that does not exist is 422 on the own device and 404 on any other', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  const eve = await side.settle('Eve');
  const path = `/devices/${await side.addDevice(ann.homeId)}/commands/no.such`;
  const own = await side.send('POST', path, { token: ann.token, body: {} });
  assert.deepEqual([own.status, own.body.code], [422, -32601]);
  assert.equal((await side.send('POST', path, { token: eve.token, body: {} })).status, 404);
});

test('a command that destroys says that a fresh login is needed', async () => {
  const { side, command } = await refusing(() => new AppError('FORBIDDEN', { stepUp: true }));
  await using _ = side;
  const { status, body } = await command();
  assert.deepEqual([status, body.code, body.stepUp, body.details], [403, 1002, true, undefined]);
});

test('a limit says when to try again, in whole seconds', async () => {
  const { side, command } = await refusing(() => new AppError('RATE_LIMITED', undefined, { retryAfterMs: 1_200 }));
  await using _ = side;
  const { status, headers } = await command();
  assert.deepEqual([status, headers.get('retry-after')], [429, '2']);
});
