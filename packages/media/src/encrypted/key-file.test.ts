import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openKeyFile, sealKeyFile } from './key-file.ts';
import { makeRecipientKey } from './recipient-key.ts';

/** Made by another implementation of PBKDF2 and AES-GCM, with the passphrase `correct horse`. */
const FILE = `{
  "format": "cardea-key-1",
  "keyId": "aaa8fff703b50b22",
  "publicKey": "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c",
  "iterations": 1000,
  "salt": "000102030405060708090a0b0c0d0e0f",
  "iv": "6465666768696a6b6c6d6e6f",
  "sealed": "be52f035dcd62c03d8aae7f53300e8afa0bd9a6882790942d8f74639cccdfd217b512f5ed7235467e9f9bb79677f70b0"
}`;

test('a file that another implementation made is opened with its passphrase and with no other', async () => {
  const { keyId, publicKey, privateKey } = await openKeyFile(FILE, 'correct horse');
  assert.equal(keyId, 'aaa8fff703b50b22');
  assert.equal(Buffer.from(publicKey).toString('hex'), '07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c');
  assert.equal(Buffer.from(privateKey).toString('hex'), '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20');
  await assert.rejects(openKeyFile(FILE, 'correct Horse'), { code: 'INVALID_REQUEST' });
});

test('a file that was changed, or is none, opens nothing', async () => {
  const changes: readonly (readonly [string, string])[] = [
    ['07a37c', '07a37d'],
    ['"sealed": "', '"sealed": "0'],
    ['cardea-key-1', 'cardea-key-2'],
    ['1000', '99999999999'],
  ];
  for (const [from, to] of changes) await assert.rejects(openKeyFile(FILE.replace(from, to), 'correct horse'));
  for (const text of ['', 'null', '[]', '{}', '"cardea-key-1"'])
    await assert.rejects(openKeyFile(text, 'correct horse'), { code: 'OBJECT_MISMATCH' });
});

test('a key comes back out of its file, and a short passphrase is refused', async () => {
  const pair = await makeRecipientKey();
  const file = await sealKeyFile(pair, 'correct horse battery');
  assert.deepEqual(await openKeyFile(file, 'correct horse battery'), pair);
  assert.ok(!file.includes(Buffer.from(pair.privateKey).toString('hex')));
  await assert.rejects(sealKeyFile(pair, 'short'), { code: 'INVALID_REQUEST' });
});
