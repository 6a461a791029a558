import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginTokenIn } from './one-time-login.ts';

test('a login link carries its token behind the hash', () => {
  assert.equal(loginTokenIn('#login=abc_DEF-123'), 'abc_DEF-123');
});

test('any other address is no login link', () => {
  for (const hash of ['', '#', '#login=', '#content']) assert.equal(loginTokenIn(hash), undefined);
});
