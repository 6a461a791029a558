import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random, SystemClock } from '@cardea/core';
import { parseRtspAddress } from './rtsp-address.ts';
import { RtspAuthorization } from './rtsp-authorization.ts';

const random: Random = { ...createRandom(new SystemClock()), bytes: (length) => new Uint8Array(length).fill(0xab) };

function headerFor(offer: string, login = { user: 'Mufasa', password: 'Circle of Life' }): string | undefined {
  const authorization = new RtspAuthorization(login, random);
  return authorization.accept(offer) ? authorization.header('DESCRIBE', 'rtsp://camera/main') : undefined;
}

/** The responses are those of hashlib, after RFC 7616 3.4.1. */
test('a camera with plain digest gets an answer that does not hold the password', () => {
  assert.equal(
    headerFor('Digest realm="cam", nonce="n1"'),
    'Digest username="Mufasa", realm="cam", nonce="n1", uri="rtsp://camera/main", response="e429f0c9284483bc3223be591e58f6ef"',
  );
});

test('of several offers the strongest is taken, with a count and a nonce of its own', () => {
  assert.equal(
    headerFor(
      'Basic realm="cam", Digest realm="cam", nonce="n1", Digest realm="cam",nonce="n1", qop="auth-int, auth", algorithm=SHA-256, opaque="o"',
    ),
    'Digest username="Mufasa", realm="cam", nonce="n1", uri="rtsp://camera/main", opaque="o", response="03da663eaaa33332c69a2ba08f6a15fc196b28a26347efa716601245e5a6f516", ' +
      `cnonce="${'ab'.repeat(16)}", algorithm=SHA-256, qop=auth, nc=00000001`,
  );
});

test('a camera that knows Basic alone gets that, and one that knows neither gets nothing', () => {
  assert.equal(headerFor('Basic realm="cam"'), 'Basic TXVmYXNhOkNpcmNsZSBvZiBMaWZl');
  assert.equal(headerFor('Negotiate, Digest realm="cam", nonce="n", algorithm=SHA-512-256'), undefined);
});

test('user and password leave the address, whatever characters they have', () => {
  const { host, port, url, login } = parseRtspAddress('rtsp://ad%40min:p%2Fw%@192.168.1.20/cam/realmonitor?channel=1&subtype=0');
  assert.deepEqual([host, port, url], ['192.168.1.20', 554, 'rtsp://192.168.1.20/cam/realmonitor?channel=1&subtype=0']);
  assert.deepEqual(login, { user: 'ad@min', password: 'p%2Fw%' });
  assert.deepEqual(parseRtspAddress('rtsps://user@[fe80::1]:8322/a', 'from a file').login, { user: 'user', password: 'from a file' });
  assert.equal(parseRtspAddress('rtsp://camera/a', 'from a file').login, undefined);
});

test('an address that cannot be read is refused without showing its password', () => {
  for (const text of ['http://u:secret@camera/', 'rtsp://u:secret@/', 'secret']) {
    assert.throws(
      () => parseRtspAddress(text),
      (error: Error) => !error.message.includes('secret') && /rtsp:\/\/USER/.test(error.message),
    );
  }
});
