import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger, createRandom, SystemClock } from '@cardea/core';
import { loadConfig } from './config.ts';
import { createPlatform } from './platform.ts';
import { KeyVault } from './tokens/key-vault.ts';
import { loadPlatformKeys } from './tokens/platform-keys.ts';

const SECRET = 'canary: the secret of the keys';
const PASSWORD = 'canary: correct horse battery';
const NEXT_PASSWORD = 'canary: another password';
const PASSCODE = 'canary: open sesame';

test('no secret is found in logs, in the database or in any other file of the data directory', async () => {
  await using stack = new AsyncDisposableStack();
  const data = await mkdtemp(join(tmpdir(), 'cardea-canary-'));
  stack.defer(() => rm(data, { recursive: true }));
  const lines: string[] = [];
  const clock = new SystemClock();
  const off = { 'rtsp.listen': 'off', 'rtmp.listen': 'off', 'wake.listen': 'off', 'webrtc.listen': 'off' };
  const config = loadConfig({ flags: { data, listen: '127.0.0.1:0', 'tls.mode': 'off', 'secrets.key': SECRET, ...off } });
  const logger = createLogger('debug', { write: (line: string) => void lines.push(line) });
  const platform = await createPlatform({ config, clock, random: createRandom(clock), logger });
  const call = async (method: string, path: string, body?: object, token?: string) => {
    const headers = { ...(body && { 'content-type': 'application/json' }), ...(token && { authorization: `Bearer ${token}` }) };
    const response = await fetch(platform.url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    const text = await response.text();
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
  await call('POST', '/s/share_canary-token/unlock', { passcode: PASSCODE });
  await call('GET', `/api/v1/devices?token=${token}`, undefined, api.body.token);
  const keys = await loadPlatformKeys(join(data, 'keys'), new KeyVault(SECRET));
  await platform[Symbol.asyncDispose]();

  const secrets = [
    ...[
      SECRET,
      PASSWORD,
      NEXT_PASSWORD,
      PASSCODE,
      setupToken,
      token,
      token.split('.')[1],
      invited.body.inviteToken,
      code.body.code,
      api.body.token,
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
  const files = (await readdir(data, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  assert.ok(files.some(({ name }) => name === 'cardea.db'));
  for (const { parentPath, name } of files) {
    const bytes = await readFile(join(parentPath, name));
    for (const secret of secrets) assert.equal(bytes.includes(secret), false, `${name} holds ${secret}`);
  }
  const log = lines.join('');
  for (const secret of secrets) assert.equal(log.includes(secret), false, `a log line holds ${secret}`);
});
