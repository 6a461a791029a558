import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiProblem } from './api-problem.ts';
import { createClient } from './client.ts';

const DEVICE = '0123456789abcdefghjkmnpqrs';

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
}

/** A platform that answers everything with `response`. */
function fakePlatform(response: () => Response) {
  const sent: Sent[] = [];
  const fake: typeof fetch = async (url, init = {}) => {
    sent.push({ url: String(url), init });
    return response();
  };
  return { sent, client: createClient({ baseUrl: 'http://home.test/', token: 'T', fetch: fake }) };
}

test('a call fills path and query and sends the token and the body', async () => {
  const { client, sent } = fakePlatform(() => Response.json({ items: [] }));
  await client.call('segment.list', { params: { id: DEVICE }, query: { from: 5, channel: 1 } });
  assert.equal(sent[0]?.url, `http://home.test/api/v1/devices/${DEVICE}/segments?from=5&channel=1`);
  assert.equal(new Headers(sent[0]?.init.headers).get('authorization'), 'Bearer T');

  await client.call('device.update', { params: { id: DEVICE }, body: { name: 'Door' }, idempotencyKey: 'k1' });
  assert.equal(sent[1]?.init.method, 'PATCH');
  assert.equal(sent[1]?.init.body, '{"name":"Door"}');
  assert.equal(new Headers(sent[1]?.init.headers).get('idempotency-key'), 'k1');
});

test('a command may leave out what the platform fills', async () => {
  const { client, sent } = fakePlatform(() => Response.json({ accepted: true }));
  await client.command(DEVICE, 'device.reboot', { mode: 'graceful' });
  assert.equal(sent[0]?.url, `http://home.test/api/v1/devices/${DEVICE}/commands/device.reboot`);
});

test('an id cannot leave its place in the path', () => {
  const { client } = fakePlatform(() => Response.json({}));
  assert.equal(client.urlOf('segment.media', { params: { id: '../me?x=' } }), 'http://home.test/api/v1/segments/..%2Fme%3Fx%3D/media');
});

test('an answer without content resolves with undefined', async () => {
  const { client } = fakePlatform(() => new Response(null, { status: 204 }));
  assert.equal(await client.call('session.delete', { params: { id: 'current' } }), undefined);
});

test('a problem of the platform carries its code, the error of the device and when to try again', async () => {
  const problem = {
    type: 'urn:cardea:problem:PRIVACY_MODE',
    title: 'the camera is in privacy mode',
    status: 409,
    detail: 'privacy is on',
    code: 1012,
    name: 'PRIVACY_MODE',
    retryable: false,
    deviceError: 1012,
    deviceErrorData: { until: 5 },
  };
  const { client } = fakePlatform(() => Response.json(problem, { status: 409, headers: { 'retry-after': '3' } }));
  await assert.rejects(client.call('home.list'), (error) => {
    assert.ok(error instanceof ApiProblem);
    assert.equal(error.name, 'PRIVACY_MODE');
    assert.deepEqual(
      [error.status, error.code, error.detail, error.deviceError, error.retryAfterMs],
      [409, 1012, 'privacy is on', 1012, 3_000],
    );
    assert.deepEqual(error.deviceErrorData, { until: 5 });
    return true;
  });
});

test('an answer that is no problem document still becomes a problem', async () => {
  const { client } = fakePlatform(() => new Response('<html>', { status: 502 }));
  await assert.rejects(client.call('home.list'), { name: 'UNSPECIFIED', status: 502, retryable: true });
});

test('a platform that cannot be reached is a problem too, an abort is not', async () => {
  const unreachable = createClient({ baseUrl: 'http://home.test', fetch: () => Promise.reject(new TypeError('fetch failed')) });
  await assert.rejects(unreachable.call('home.list'), { name: 'UNREACHABLE', status: 0, retryable: true });

  const abort = new AbortController();
  abort.abort();
  const client = createClient({ baseUrl: 'http://127.0.0.1:9' });
  await assert.rejects(client.call('home.list', { signal: abort.signal }), { name: 'AbortError' });
});
