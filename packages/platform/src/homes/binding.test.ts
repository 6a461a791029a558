import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasStatus } from '@cardea/core';
import { principalOf, UserSide } from '../testing/user-side.ts';

const MINUTE_MS = 60_000;

async function openHome() {
  const side = await UserSide.open();
  const ann = await side.settle('Ann');
  const proof = await side.authorizer.home(await principalOf(side, ann.token), 'manage', ann.homeId);
  const code = async (): Promise<string> => (await side.bindings.createCode(proof)).code;
  const rowOf = (id: string) => side.db.selectFrom('device').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  return { side, ann, proof, code, rowOf };
}

test('a binding code is 65 random bits in groups, and stands in the database only as a hash', async () => {
  const { side, proof } = await openHome();
  await using _ = side;
  const { code, expiresAt, qr } = await side.bindings.createCode(proof);
  assert.match(code, /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}-[0-9A-HJKMNP-TV-Z]$/);
  assert.equal(expiresAt, side.clock.now() + 10 * MINUTE_MS);
  assert.equal(qr, `cardea:bind?platform=${encodeURIComponent(side.url)}&code=${code}`);
  const rows = await side.db.selectFrom('binding_code').selectAll().execute();
  assert.equal(JSON.stringify(rows).includes(code), false);
});

test('a device that shows the code joins the home, and its earlier tokens die', async () => {
  const { side, ann, code, rowOf } = await openHome();
  await using _ = side;
  const deviceId = await side.addDevice(null);
  const binding = await side.bindings.claim(await code(), { deviceId });
  assert.deepEqual([binding.homeId, binding.epoch], [ann.homeId, 1]);
  const row = await rowOf(deviceId);
  assert.deepEqual([row.home_id, row.binding_epoch, row.binding_id, row.bound_by], [ann.homeId, 1, binding.bindingId, ann.userId]);
});

test('how a code was typed does not matter', async () => {
  const { side, code } = await openHome();
  await using _ = side;
  const deviceId = await side.addDevice(null);
  const typed = (await code()).toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
  await side.bindings.claim(typed, { deviceId });
});

test('of fifty devices with one code exactly one joins', async () => {
  const { side, ann, code } = await openHome();
  await using _ = side;
  const ids = await Promise.all(Array.from({ length: 50 }, () => side.addDevice(null)));
  const shared = await code();
  const outcomes = await Promise.allSettled(ids.map((deviceId) => side.bindings.claim(shared, { deviceId })));
  assert.equal(outcomes.filter((outcome) => outcome.status === 'fulfilled').length, 1);
  assert.ok(outcomes.every((outcome) => outcome.status === 'fulfilled' || hasStatus(outcome.reason, 'UNAUTHORIZED')));
  const bound = await side.db.selectFrom('device').select('id').where('home_id', '=', ann.homeId).execute();
  assert.equal(bound.length, 1);
});

test('a second report of the same device succeeds with the same binding, and a fresh code stays good for another', async () => {
  const { side, code } = await openHome();
  await using _ = side;
  const deviceId = await side.addDevice(null);
  const used = await code();
  const first = await side.bindings.claim(used, { deviceId });
  assert.deepEqual(await side.bindings.claim(used, { deviceId }), first);
  const fresh = await code();
  assert.deepEqual(await side.bindings.claim(fresh, { deviceId }), first);
  await side.bindings.claim(fresh, { deviceId: await side.addDevice(null) });
});

test('binding.report: a device of another home cannot be taken (1008), and the code that tried stays good', async () => {
  const { side, code } = await openHome();
  await using _ = side;
  const bob = await side.settle('Bob');
  const theirs = await side.addDevice(bob.homeId);
  const mine = await code();
  await assert.rejects(side.bindings.claim(mine, { deviceId: theirs }), { status: 'ALREADY_ACTIVE', code: 1008 });
  await side.bindings.claim(mine, { deviceId: await side.addDevice(null) });
});

test('binding.report: a code is refused with 1001 when it is wrong, used or older than ten minutes', async () => {
  const { side, code } = await openHome();
  await using _ = side;
  const refused = { status: 'UNAUTHORIZED', code: 1001 };
  await assert.rejects(side.bindings.claim('0000-0000-0000-0', { deviceId: await side.addDevice(null) }), refused);
  const used = await code();
  await side.bindings.claim(used, { deviceId: await side.addDevice(null) });
  await assert.rejects(side.bindings.claim(used, { deviceId: await side.addDevice(null) }), refused);
  const old = await code();
  await side.clock.advance(10 * MINUTE_MS);
  await assert.rejects(side.bindings.claim(old, { deviceId: await side.addDevice(null) }), refused);
});

test('a device that guesses is stopped after ten codes', async () => {
  const { side, code } = await openHome();
  await using _ = side;
  const deviceId = await side.addDevice(null);
  for (let n = 0; n < 10; n += 1)
    await assert.rejects(side.bindings.claim(`0000-0000-0000-${n}`, { deviceId }), { status: 'UNAUTHORIZED' });
  const good = await code();
  await assert.rejects(side.bindings.claim(good, { deviceId }), { status: 'RATE_LIMITED' });
  await side.bindings.claim(good, { deviceId: await side.addDevice(null) });
});
