import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KeyVault, resealKeys } from './key-vault.ts';
import { loadPlatformKeys } from './platform-keys.ts';

async function keyDirectory() {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-keys-'));
  const contents = async (): Promise<string> => {
    const names = (await readdir(directory)).sort();
    return (await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')))).join('\n');
  };
  return { directory, contents, [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
}

test('with a secret a copy of the data directory holds no usable key, and the keys stay the same', async () => {
  await using keys = await keyDirectory();
  const plain = await loadPlatformKeys(keys.directory);
  assert.match(await keys.contents(), /BEGIN PRIVATE KEY/);
  const vault = new KeyVault('a secret from elsewhere');
  assert.deepEqual(await loadPlatformKeys(keys.directory, vault), plain);
  const sealed = await keys.contents();
  assert.doesNotMatch(sealed, /BEGIN PRIVATE KEY/);
  for (const secret of [plain.uploadSecret, plain.sessionSecret, plain.wakeSecret]) {
    assert.equal(sealed.includes(Buffer.from(secret).toString('base64')), false);
  }
  assert.deepEqual(await loadPlatformKeys(keys.directory, vault), plain);
  assert.equal((await stat(join(keys.directory, 'token.key'))).mode & 0o777, 0o600);
});

test('without the secret, with another one or with a damaged file nothing is read and nothing is made anew', async () => {
  await using keys = await keyDirectory();
  await loadPlatformKeys(keys.directory, new KeyVault('right'));
  const before = await keys.contents();
  for (const vault of [new KeyVault(undefined), new KeyVault('wrong')]) {
    await assert.rejects(loadPlatformKeys(keys.directory, vault), { status: 'INVALID_STATE' });
  }
  const [first = ''] = before.split('\n');
  assert.throws(() => new KeyVault('right').open(`${first.slice(0, -8)}AAAAAAA=`, 'token.key'), { status: 'INVALID_STATE' });
  assert.equal(await keys.contents(), before);
});

test('another secret takes the place of the old one, and the old one opens nothing any more', async () => {
  await using keys = await keyDirectory();
  const [old, next] = [new KeyVault('old'), new KeyVault('next')];
  const loaded = await loadPlatformKeys(keys.directory, old);
  assert.equal(await resealKeys(keys.directory, old, next), 4);
  assert.deepEqual(await loadPlatformKeys(keys.directory, next), loaded);
  await assert.rejects(loadPlatformKeys(keys.directory, old), { status: 'INVALID_STATE' });
  assert.equal(await resealKeys(keys.directory, next, new KeyVault(undefined)), 4);
  assert.deepEqual(await loadPlatformKeys(keys.directory), loaded);
});
