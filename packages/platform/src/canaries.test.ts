import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger, createRandom, SystemClock } from '@cardea/core';
import { loadConfig, secretSettings } from './config.ts';
import { backupData } from './data-backup.ts';
import { createPlatform } from './platform.ts';
import { RawDevice } from './testing/raw-device.ts';
import { KeyVault } from './tokens/key-vault.ts';
import { loadPlatformKeys } from './tokens/platform-keys.ts';

const PASSWORD = 'canary: correct horse battery';
const NEXT_PASSWORD = 'canary: another password';
const PASSCODE = 'canary: open sesame';
/** In every setting that holds a secret; a bus would make this one of several processes (`store/bus/nats-bus.test.ts`). */
const inSettings = Object.fromEntries(secretSettings.filter((name) => name !== 'bus.url').map((name) => [name, `canary: ${name}`]));
const SECRET = inSettings['secrets.key'] ?? '';
const CLIENT_SECRET = inSettings['oidc.clientSecret'] ?? '';

test('no secret is found in logs, refusals, metrics, the database, a backup or any other file', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-canary-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const [data, backup] = [join(directory, 'data'), join(directory, 'backup')];
  const lines: string[] = [];
  const clock = new SystemClock();
  const provider = { 'oidc.issuer': 'http://127.0.0.1:1', 'oidc.clientId': 'cardea' };
  const off = { 'rtsp.listen': 'off', 'rtmp.listen': 'off', 'wake.listen': 'off', 'webrtc.listen': 'off' };
  const config = loadConfig({
    flags: { data, listen: '127.0.0.1:0', 'tls.mode': 'off', ...inSettings, ...provider, ...off },
  });
  const logger = createLogger('debug', { write: (line: string) => void lines.push(line) });
  const platform = await createPlatform({ config, clock, random: createRandom(clock), logger });
  const refusals: string[] = [];
  const call = async (method: string, path: string, body?: object, token?: string) => {
    const headers = { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(platform.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
    if (!response.ok) refusals.push(JSON.stringify(Object.fromEntries(response.headers)) + text);
    return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
  };
  const setupToken = new URL(platform.setupLink ?? '').searchParams.get('token') ?? '';
  const made = await call('POST', '/api/v1/setup', { setupToken, email: 'ann@example.org', password: PASSWORD, name: 'Ann' });
  const { token } = made.body;
  const [home] = (await call('GET', '/api/v1/homes', undefined, token)).body.items;
  const invited = await call('POST', `/api/v1/homes/${home.id}/members`, { role: 'guest' }, token);
  const code = await call('POST', `/api/v1/homes/${home.id}/binding-codes`, {}, token);
  const api = await call('POST', '/api/v1/tokens', { name: 'Script', actions: ['view.live'], devices: ['*'] }, token);
  const factor = await call('POST', '/api/v1/me/second-factor', { password: PASSWORD }, token);
  await call('PATCH', '/api/v1/me', { password: { current: PASSWORD, next: NEXT_PASSWORD } }, token);
  await call('POST', '/api/v1/sessions', { email: 'ann@example.org', password: `${PASSWORD} wrong` });
  const device = new RawDevice(platform.url, () => clock.now());
  const { vd } = (await device.schedule()).body;
  const connection = await device.open(vd.token);
  await connection.keepAlive();
  await connection.event('binding.report', { state: 'requested', bindToken: code.body.code });
  const { vr } = (await device.schedule({ reason: 'reconnect' })).body;
  const announced = {
    channel: 1,
    stream: 'main',
    kind: 'continuous',
    startAt: clock.now() - 5_000,
    container: 'fmp4',
    codecs: 'avc1.42c01f',
  };
  const segment = await call('POST', '/vr/v1/segments', { clientSegmentId: device.ulid(), ...announced }, vr.token);
  const { signature } = /[?&](?:sig|signature)=(?<signature>[\w-]+)/.exec(segment.body.upload.url)?.groups ?? {};
  const range = { channel: 1, from: clock.now() - 60_000, to: clock.now() };
  const vod = await call('POST', `/api/v1/devices/${device.id}/vod`, range, token);
  const shared = { kind: 'live', deviceId: device.id, passcode: PASSCODE };
  const share = await call('POST', '/api/v1/shares', shared, token);
  const link = new URL(share.body.url).pathname;
  await call('POST', `${link}/unlock`, { passcode: `${PASSCODE} wrong` });
  await call('POST', `${link}/unlock`, { passcode: PASSCODE });
  // Each refused in a way of its own, with a secret where something else belongs or where it is worth nothing.
  await call('GET', `/api/v1/devices?token=${token}`, undefined, api.body.token);
  await call('GET', `/api/v1/devices/${token}`, undefined, token);
  await call('GET', `/vod/${device.id}/1/start/1/end/2/index.m3u8?token=${token}`);
  await call('GET', `/live/${device.id}/1/main/snapshot.jpg?token=${vod.body.token}x`);
  await call('PUT', `/vr/v1/uploads/${segment.body.segmentId}?signature=${signature}`);
  await call('POST', '/api/v1/sessions', { email: PASSWORD, password: NEXT_PASSWORD, code: 5 });
  await call('POST', '/api/v1/setup', { setupToken, email: 5, password: PASSWORD, name: NEXT_PASSWORD });
  await call('POST', '/api/v1/invitations/accept', { inviteToken: `${invited.body.inviteToken}x`, name: 5, password: PASSWORD });
  await call('POST', `/api/v1/homes/${home.id}/members`, { role: PASSWORD }, token);
  await call('POST', '/vr/v1/segments', { clientSegmentId: vr.token }, `${vr.token}x`);
  await call('POST', '/api/v1/sessions/provider/begin', {});
  await call('POST', '/api/v1/sessions/provider', { query: `?code=${CLIENT_SECRET}&state=${NEXT_PASSWORD}` });
  const metrics = await (await fetch(`${platform.url}/metrics`)).text();
  await backupData(data, backup);
  const keys = await loadPlatformKeys(join(data, 'keys'), new KeyVault(SECRET));
  await platform[Symbol.asyncDispose]();

  const secrets = [
    ...[
      ...Object.values(inSettings),
      PASSWORD,
      NEXT_PASSWORD,
      PASSCODE,
      setupToken,
      token,
      token.split('.')[1],
      invited.body.inviteToken,
      code.body.code,
      api.body.token,
      vd.token,
      vr.token,
      vod.body.token,
      signature,
      link.split('/')[2],
    ],
    ...[new URL(factor.body.uri).searchParams.get('secret'), ...factor.body.recoveryCodes],
    ...[
      keys.tokenKeyPem.split('\n')[1],
      ...[keys.uploadSecret, keys.sessionSecret, keys.wakeSecret].map((key) => Buffer.from(key).toString('base64')),
    ],
  ].map(String);
  assert.ok(
    secrets.every((secret) => secret.length >= 8 && secret !== 'undefined'),
    'every canary was planted',
  );
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  assert.equal(files.filter(({ name }) => name === 'cardea.db').length, 2);
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name));
    for (const secret of secrets) assert.equal(bytes.includes(secret), false, `${name} holds ${secret}`);
  }
  assert.ok(refusals.length >= 10, `${refusals.length} refusals`);
  for (const refusal of refusals) for (const secret of secrets) assert.equal(refusal.includes(secret), false, `${refusal} holds ${secret}`);
  for (const secret of secrets) assert.equal(metrics.includes(secret), false, `the metrics hold ${secret}`);
  const log = lines.join('');
  for (const secret of secrets) assert.equal(log.includes(secret), false, `a log line holds ${secret}`);
});
