import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAddress } from './passkey.ts';

test('a page at a bare address has no passkeys, one at a name has', () => {
  for (const address of ['127.0.0.1', '192.168.1.20', '[::1]', '[2001:db8::1]']) assert.equal(isAddress(address), true, address);
  for (const name of ['localhost', 'home.example', 'cardea.local', '1password.example']) assert.equal(isAddress(name), false, name);
});
