import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRandom, VirtualClock } from '@cardea/core';
import { loadIdentity } from './identity.ts';

// A key made for this test; its id was computed with OpenSSL and Python.
const KEY = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIK4LdrZxbUPeBFlwTZRJOV4tdg84TBEk7nUNRsXPyiSs\n-----END PRIVATE KEY-----\n';
const PUBLIC_KEY = 'f8Qcs5GPzWDMoHlhCFQ2iOC6C1pP3RoIN9XSMJ59pqU';
const DEVICE_ID = '7myp6079wgx5ybtzb3a81y9h4a';

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-identity-'));
  try {
    await run(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('a new device makes its key once, readable by its owner only, and keeps its id', async () => {
  await inDirectory(async (directory) => {
    const state = join(directory, 'state');
    const first = await loadIdentity(state);
    const second = await loadIdentity(state);
    assert.equal(first.deviceId, second.deviceId);
    assert.match(first.deviceId, /^[0-9a-hjkmnp-tv-z]{26}$/);
    assert.equal((await stat(join(state, 'identity.key'))).mode & 0o777, 0o600);
    assert.match(await readFile(join(state, 'identity.key'), 'utf8'), /^-----BEGIN PRIVATE KEY-----/);
  });
});

test('the id follows from the public key alone', async () => {
  await inDirectory(async (directory) => {
    await writeFile(join(directory, 'identity.key'), KEY);
    assert.equal((await loadIdentity(directory)).deviceId, DEVICE_ID);
  });
});

test('a key that cannot be used is an error and is left as it is', async () => {
  await inDirectory(async (directory) => {
    const path = join(directory, 'identity.key');
    for (const content of ['', 'not a key', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n']) {
      await writeFile(path, content);
      await assert.rejects(loadIdentity(directory), { status: 'INVALID_STATE' });
      assert.equal(await readFile(path, 'utf8'), content);
    }
    await rm(path);
    await mkdir(path);
    await assert.rejects(loadIdentity(directory), { status: 'INVALID_STATE' });
  });
});

test('a proof of identity is an EdDSA token for the scheduler, five minutes long and different each time', async () => {
  await inDirectory(async (directory) => {
    await writeFile(join(directory, 'identity.key'), KEY);
    const identity = await loadIdentity(directory);
    const random = createRandom(new VirtualClock());
    const proofs = [await identity.prove(1_767_225_600_999, random), await identity.prove(1_767_225_600_999, random)];
    const [header = '', claims = '', signature = ''] = (proofs[0] ?? '').split('.');
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: PUBLIC_KEY };
    assert.deepEqual(decode(header), { alg: 'EdDSA', jwk });
    const { jti, ...rest } = decode(claims);
    assert.deepEqual(rest, { sub: DEVICE_ID, aud: 'vs', iat: 1_767_225_600, exp: 1_767_225_900 });
    assert.match(String(jti), /^[0-9A-Z]{26}$/);
    const key = createPublicKey({ key: jwk, format: 'jwk' });
    assert.ok(verify(null, Buffer.from(`${header}.${claims}`), key, Buffer.from(signature, 'base64url')));
    assert.notEqual(proofs[0], proofs[1]);
  });
});

function decode(part: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
}
