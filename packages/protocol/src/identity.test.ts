import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { deviceIdFromDigest, isDeviceId } from './identity.ts';

// Public keys of RFC 8032 section 7.1, tests 1 and 2; ids computed with openssl and base32.
const IDS = {
  d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a: '47z33qx1ajh62rkbz1a08vyj4w',
  '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c': '77vh7m568gjky12jjggvkx8vkc',
};

test('the id of a device follows from its public key', () => {
  for (const [publicKeyHex, id] of Object.entries(IDS)) {
    const digest = createHash('sha256').update(Buffer.from(publicKeyHex, 'hex')).digest();
    assert.equal(deviceIdFromDigest(digest), id);
    assert.ok(isDeviceId(id));
  }
});

test('the first 130 bits count, most significant first', () => {
  assert.equal(deviceIdFromDigest(new Uint8Array(32)), '00000000000000000000000000');
  assert.equal(deviceIdFromDigest(new Uint8Array(32).fill(0xff)), 'zzzzzzzzzzzzzzzzzzzzzzzzzz');
  assert.equal(deviceIdFromDigest(Uint8Array.of(0x08, ...new Uint8Array(31))), '10000000000000000000000000');
  assert.equal(deviceIdFromDigest(Uint8Array.from({ length: 32 }, (_, index) => (index === 16 ? 0x7f : 0))), '00000000000000000000000001');
});

test('a digest of another length is a mistake of the caller', () => {
  assert.throws(() => deviceIdFromDigest(new Uint8Array(20)), RangeError);
});

test('only the form of Crockford base32 in lower case is an id', () => {
  for (const text of [
    '',
    '47z33qx1ajh62rkbz1a08vyj4',
    '47z33qx1ajh62rkbz1a08vyj4w0',
    '47Z33QX1AJH62RKBZ1A08VYJ4W',
    'i7z33qx1ajh62rkbz1a08vyj4w',
    'u7z33qx1ajh62rkbz1a08vyj4w',
    5,
    null,
  ]) {
    assert.equal(isDeviceId(text), false, String(text));
  }
});
