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

/** A platform of its own authority with its owner, and cameras to be run in the owner's home. */
async function startHome() {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-tls-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const data = join(directory, 'data');
  const off = ['--rtsp', 'off', '--rtmp', 'off', '--webrtc', 'off'];
  const platform = stack.use(new CardeaProcess(['serve', '--data', data, '--listen', '127.0.0.1:0', '--tls', 'auto', ...off]));
  const [, setupToken = ''] = await platform.printed(/^Set-up link: .*token=(.*)$/);
  const [, url = ''] = await platform.printed(/^Cardea is ready at (https:.*)$/);
  const ca = await readFile(join(data, 'keys', 'tls', 'authority.crt'), 'utf8');
  const api = `${url}/api/v1`;

  const owner = { setupToken, email: 'ann@example.org', password: 'correct horse battery', name: 'Ann' };
  const { body: login, cookie } = await ask(`${api}/setup`, { ca, body: owner });
  const token = String(login.token);
  const homes = (await ask(`${api}/homes`, { ca, token })).body.items as { id: string }[];
  const { body: code } = await ask(`${api}/homes/${homes[0]?.id}/binding-codes`, { ca, token, body: {} });
  const running = stack.move();
  const run = (state: string, fingerprint: unknown, more: readonly string[] = []): CardeaProcess => {
    const told = ['--binding-code', String(code.code), '--ca-fingerprint', String(fingerprint), ...more];
    return running.use(new CardeaProcess(['device', 'run', '--platform', url, '--state', join(directory, state), ...told]));
  };
  const get = async (path: string) => (await ask(`${api}${path}`, { ca, token })).body;
  const post = async (path: string, body: object) => (await ask(`${api}${path}`, { ca, token, body })).body;
  const reached = (state: string) =>
    eventually(
      `a camera that is ${state}`,
      async () => ((await get('/devices')).items as { id: string; state: string }[]).find((device) => device.state === state),
      60_000,
    );
  return { directory, cookie, code, run, get, post, reached, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

test('with --tls auto a camera that is told the fingerprint records over TLS, and one that is told another does not', async () => {
  await using home = await startHome();
  assert.match(home.cookie, /^__Host-cardea=.*; Secure/);
  assert.match(String(home.code.qr), /&ca=[0-9a-f]{64}$/);
  assert.equal(await home.run('stranger', 'ab'.repeat(32)).exited(), 1);
  home.run('camera', home.code.caFingerprint);
  const device = await home.reached('online');
  await eventually('a recording', async () => ((await home.get(`/devices/${device.id}/segments`)).items as { id: string }[])[0]);
});

test('with --tls auto a battery camera waits over TLS while it sleeps, and is woken there', async () => {
  await using home = await startHome();
  home.run('camera', home.code.caFingerprint, ['--source', 'simulated:front-door,battery']);
  const { id } = await home.reached('online');
  const set = (patch: object) => home.post(`/devices/${id}/commands/config.set`, { patch });
  const { applied } = await eventually('a setting', async () => {
    const answer = await set({ 'power.sleepAfterSec': 5 });
    return answer.applied === undefined ? undefined : answer;
  });
  assert.deepEqual(applied, ['power.sleepAfterSec']);
  // A device whose radio is refused, or that notices something, wakes as well, but says another reason.
  const renamed = await eventually(
    'a wake over the radio',
    async () => {
      await home.reached('asleep');
      const answer = await set({ 'device.name': 'Gate' });
      const log = await readFile(join(home.directory, 'camera', 'logs', 'device.log'), 'utf8');
      return log.includes('"end":"woken"') ? answer.applied : undefined;
    },
    60_000,
  );
  assert.deepEqual(renamed, ['device.name']);
});
