import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasStatus } from '@cardea/core';
import { PasswordHasher } from './password-hasher.ts';

/** argon2id of "correct horse" with the salt "0123456789abcdef", made with the reference implementation in C. */
const KNOWN_HASH = '$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$rk2Mi3E4dgRMg0fHaYaptWVZRKqs//6b6k3/nntqGJk';

test('a password fits its own hash and no other does', async () => {
  const hasher = new PasswordHasher();
  const hash = await hasher.hash('correct horse');
  assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.equal(await hasher.verify({ hash, password: 'correct horse' }), true);
  assert.equal(await hasher.verify({ hash, password: 'correct horsf' }), false);
  assert.notEqual(await hasher.hash('correct horse'), hash);
});

test('a hash made by another implementation of argon2id is understood', async () => {
  assert.equal(await new PasswordHasher().verify({ hash: KNOWN_HASH, password: 'correct horse' }), true);
});

test('what is no argon2id hash fits no password', async () => {
  const hasher = new PasswordHasher();
  for (const hash of ['', 'plain', '$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA', '$2b$10$abc']) {
    assert.equal(await hasher.verify({ hash, password: 'plain' }), false);
  }
});

test('a flood of logins is refused instead of taking all memory', async () => {
  const hasher = new PasswordHasher({ maxWaiting: 4 });
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => hasher.hash('x')));
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
  assert.equal(refused.length, 20 - 2 - 4);
  assert.ok(refused.every((outcome) => hasStatus(outcome.reason, 'RATE_LIMITED')));
  assert.equal(typeof (await hasher.hash('x')), 'string');
});
