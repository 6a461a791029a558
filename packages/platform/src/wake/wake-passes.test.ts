import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, VirtualClock } from '@cardea/core';
import { AUTH_BYTES, WakePasses } from './wake-passes.ts';

const deviceId = '7h3kq0v9xw2m5n8d1c4t6r0yzb';

function passesAt(clock: VirtualClock, secret = new Uint8Array(32)): WakePasses {
  return new WakePasses({ secret, clock, random: createRandom(clock) });
}

test('a pass names its device and brings back the same strings, also after a restart of the platform', () => {
  const clock = new VirtualClock();
  const pass = passesAt(clock).mint({ deviceId, epoch: 3 });
  assert.equal(pass.auth.length, AUTH_BYTES);
  assert.deepEqual(passesAt(clock).open(pass.auth), { ...pass, deviceId, epoch: 3 });
});

test('every schedule gets other strings', () => {
  const passes = passesAt(new VirtualClock());
  const [first, second] = [passes.mint({ deviceId, epoch: 1 }), passes.mint({ deviceId, epoch: 1 })];
  for (const name of ['auth', 'heartbeat', 'wake'] as const) assert.notDeepEqual(first[name], second[name]);
});

test('a pass that was changed, made elsewhere, cut, or is older than a week opens nothing', async () => {
  const clock = new VirtualClock();
  const { auth } = passesAt(clock).mint({ deviceId, epoch: 1 });
  const changed = Uint8Array.from(auth);
  changed[10] = (changed[10] ?? 0) ^ 1;
  assert.equal(passesAt(clock).open(changed), undefined);
  assert.equal(passesAt(clock, new Uint8Array(32).fill(1)).open(auth), undefined);
  assert.equal(passesAt(clock).open(auth.subarray(0, AUTH_BYTES - 1)), undefined);
  await clock.advance(7 * 24 * 3_600_000);
  assert.equal(passesAt(clock).open(auth), undefined);
});
