import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRandom, SystemClock, silentLogger } from '@cardea/core';
import { loadConfig } from './config.ts';
import { openLogins } from './logins.ts';
import { openCertificates } from './ports-and-certificates.ts';
import { UserSide } from './testing/user-side.ts';
import { KeyVault } from './tokens/key-vault.ts';

test('a provider that is set by half stops the start, and the reason says what is missing', async () => {
  await using side = await UserSide.open();
  const open = (flags: Record<string, unknown>, publicUrl = 'https://home.example') => {
    const invitations = { joinAs: async () => assert.fail() };
    const { accounts, authorizer, clock, db, operators, random } = side;
    const parts = { accounts, authorizer, clock, db, invitations, operators, random, logger: silentLogger };
    return openLogins(loadConfig({ flags }), { ...parts, secret: new Uint8Array(32), publicUrl: () => publicUrl });
  };
  const issuer = { 'oidc.issuer': 'https://id.example', 'oidc.clientId': 'cardea' };
  await assert.rejects(open({ 'oidc.issuer': 'https://id.example' }), /needs oidc.clientId/);
  await assert.rejects(open({ ...issuer, 'oidc.issuer': 'http://id.example' }), /https address/);
  await assert.rejects(open({ ...issuer, 'oidc.issuer': 'http://localhost.evil.example' }), /https address/);
  await assert.rejects(open({ ...issuer, 'oidc.clientSecretFile': '/nowhere' }), /cannot read oidc.clientSecretFile/);
  assert.deepEqual((await open({})).methods(), { passkeys: true });
  assert.deepEqual((await open({}, 'https://[2001:db8::1]')).methods(), { passkeys: false });
  const file = join(side.directory, 'secret');
  await writeFile(file, 'a secret\n');
  const { methods, providerLogins } = await open({ ...issuer, 'oidc.clientSecretFile': file, 'oidc.label': 'Corp' });
  assert.deepEqual([methods().provider, providerLogins !== undefined], [{ label: 'Corp' }, true]);
});

test('ACME that is set by half stops the start, and the reason says what is missing', async () => {
  const data = await mkdtemp(join(tmpdir(), 'cardea-acme-settings-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(data, { recursive: true }));
  const clock = new SystemClock();
  const tools = { vault: new KeyVault(undefined), clock, random: createRandom(clock), logger: silentLogger };
  const open = (flags: Record<string, unknown>) => openCertificates(loadConfig({ flags: { data, 'tls.mode': 'acme', ...flags } }), tools);
  const names = { 'tls.acme.domains': ['home.example'] };
  await assert.rejects(open({}), /needs tls.acme.domains/);
  await assert.rejects(open(names), /needs tls.acme.agree: true, which agrees to the terms of https:\/\/acme-v02/);
  await assert.rejects(open({ ...names, 'tls.acme.agree': true, 'tls.acme.listen': 'off' }), /needs tls.acme.listen/);
  assert.throws(() => loadConfig({ flags: { 'tls.acme.domains': ['*.home.example'] } }), /is not a value of tls.acme.domains/);
  assert.throws(() => loadConfig({ flags: { 'tls.acme.directoryUrl': 'http://acme.example' } }), /is not a value of tls.acme.directoryUrl/);
  await using certificates = await open({ ...names, 'tls.acme.agree': true });
  assert.deepEqual([certificates?.state().mode, certificates?.fingerprint], ['acme', undefined]);
});
