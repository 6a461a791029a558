import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';

test('a program that asks without end is slowed down, and nobody else is', async () => {
  await using side = await UserSide.open({ requestsPerSecond: 2 });
  const [ann, ben] = [await side.settle('Ann'), await side.settle('Ben')];
  for (let count = 0; count < 20; count += 1) assert.equal((await side.send('GET', '/me', { token: ann.token })).status, 200);
  const { body, headers, status } = await side.send('GET', '/devices/00000000000000000000000000', { token: ann.token });
  assert.deepEqual([status, body.name, headers.get('retry-after')], [429, 'RATE_LIMITED', '1']);
  assert.equal((await side.send('GET', '/me', { token: ben.token })).status, 200);
  assert.equal((await side.send('GET', '/me', { token: 'nonsense' })).status, 401);
  await side.clock.advance(1_000);
  for (const expected of [200, 200, 429]) assert.equal((await side.send('GET', '/me', { token: ann.token })).status, expected);
});

test('what needs no login is limited by where it comes from', async () => {
  await using side = await UserSide.open({ requestsPerSecond: 1 });
  for (let count = 0; count < 10; count += 1) assert.equal((await side.send('GET', '/setup')).status, 200);
  assert.equal((await side.send('GET', '/setup')).status, 429);
  assert.equal((await side.send('POST', '/sessions', { body: { email: 'a@example.org', password: 'x' } })).status, 429);
});
