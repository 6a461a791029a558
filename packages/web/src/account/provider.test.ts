import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errandOf } from './provider.ts';

test('whoever comes back from the provider goes on where they were, and nowhere else', () => {
  const at = (from: string) => errandOf(JSON.stringify({ purpose: 'login', from })).from;
  assert.equal(at('/cameras/1/1'), '/cameras/1/1');
  for (const foreign of ['//evil.example', 'https://evil.example', 'javascript:alert(1)']) assert.equal(at(foreign), '/');
  assert.deepEqual(errandOf(null), { purpose: 'login', from: '/' });
  assert.deepEqual(errandOf('{"purpose":"link","from":"/account"}'), { purpose: 'link', from: '/account' });
  assert.deepEqual(errandOf('{"purpose":"login","from":"/","inviteToken":"invite_1"}'), {
    purpose: 'login',
    from: '/',
    inviteToken: 'invite_1',
  });
});
