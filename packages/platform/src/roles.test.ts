import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rolesOf } from './roles.ts';

const bus = 'nats://127.0.0.1:4222';

test('a process alone has every role', () => {
  assert.deepEqual(rolesOf({ role: 'all', 'bus.url': '' }), ['scheduling', 'access', 'media', 'video', 'api']);
});

test('a process with some roles is refused without a bus to the others', () => {
  assert.throws(() => rolesOf({ role: 'access', 'bus.url': '' }), /needs bus\.url/);
  assert.deepEqual(rolesOf({ role: 'access', 'bus.url': bus }), ['access']);
});

test('every role may be alone in a process', () => {
  for (const role of ['scheduling', 'access', 'media', 'video', 'api']) assert.deepEqual(rolesOf({ role, 'bus.url': bus }), [role]);
  assert.deepEqual(rolesOf({ role: 'api,media,video', 'bus.url': bus }), ['media', 'video', 'api']);
});
