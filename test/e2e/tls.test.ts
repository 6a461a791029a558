import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CardeaProcess } from './cardea-process.ts';
import { eventually } from './eventually.ts';

interface Ask {
  readonly ca: string;
  readonly token?: string;
  readonly body?: object;
}

/** Asks the user API over TLS, trusting `ca` alone. */
async function ask(url: string, { ca, token, body }: Ask) {
  const headers = { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }) };
  const { promise, resolve, reject } = Promise.withResolvers<{ cookie: string; body: Record<string, unknown> }>();
  const asked = request(url, { ca, headers, method: body === undefined ? 'GET' : 'POST' }, (response) => {
    let text = '';
    response.on('data', (chunk) => {
      text += String(chunk);
    });
    response.on('end', () => resolve({ cookie: String(response.headers['set-cookie'] ?? ''), body: JSON.parse(text) }));
  });
  asked.on('error', reject);
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  return await promise;
}

test('with --tls auto a camera that is told the fingerprint records over TLS, and one that is told another does not', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-tls-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const data = join(directory, 'data');
  const off = ['--wake', 'off', '--rtsp', 'off', '--rtmp', 'off', '--webrtc', 'off'];
  const platform = stack.use(new CardeaProcess(['serve', '--data', data, '--listen', '127.0.0.1:0', '--tls', 'auto', ...off]));
  const [, setupToken = ''] = await platform.printed(/^Set-up link: .*token=(.*)$/);
  const [, url = ''] = await platform.printed(/^Cardea is ready at (https:.*)$/);
  const ca = await readFile(join(data, 'keys', 'tls', 'authority.crt'), 'utf8');
  const api = `${url}/api/v1`;

  const owner = { setupToken, email: 'ann@example.org', password: 'correct horse battery', name: 'Ann' };
  const { body: login, cookie } = await ask(`${api}/setup`, { ca, body: owner });
  assert.match(cookie, /^__Host-cardea=.*; Secure/);
  const token = String(login.token);
  const homes = (await ask(`${api}/homes`, { ca, token })).body.items as { id: string }[];
  const { body: code } = await ask(`${api}/homes/${homes[0]?.id}/binding-codes`, { ca, token, body: {} });
  assert.match(String(code.qr), /&ca=[0-9a-f]{64}$/);

  const run = (state: string, fingerprint: string): CardeaProcess => {
    const told = ['--binding-code', String(code.code), '--ca-fingerprint', fingerprint];
    return stack.use(new CardeaProcess(['device', 'run', '--platform', url, '--state', join(directory, state), ...told]));
  };
  assert.equal(await run('stranger', 'ab'.repeat(32)).exited(), 1);
  run('camera', String(code.caFingerprint));
  const device = await eventually('a camera', async () => {
    const items = (await ask(`${api}/devices`, { ca, token })).body.items as { id: string; state: string }[];
    return items.find(({ state }) => state === 'online');
  });
  await eventually('a recording', async () => {
    const items = (await ask(`${api}/devices/${device.id}/segments`, { ca, token })).body.items as { id: string }[];
    return items[0];
  });
});
