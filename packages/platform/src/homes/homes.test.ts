import assert from 'node:assert/strict';
import { test } from 'node:test';
import { principalOf, UserSide } from '../testing/user-side.ts';

test('a home shows each user what they may do there', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  const guest = await side.admit('Gil', ann.homeId, ['view.live', 'view.events']);
  const [owned] = await side.homes.list(await principalOf(side, ann.token));
  assert.deepEqual([owned?.role, owned?.actions.length], ['owner', 7]);
  const [visited] = await side.homes.list(await principalOf(side, guest.token));
  assert.deepEqual([visited?.id, visited?.actions], [ann.homeId, ['view.live', 'view.events']]);
});

test('a time zone that does not exist is refused', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  await assert.rejects(side.homes.create(ann.userId, { name: 'Moon', timezone: 'Moon/Tycho' }), { status: 'INVALID_PARAMS' });
});

test('a home with a device cannot be removed, an empty one can, with its codes and members', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  const proof = await side.authorizer.home(await principalOf(side, ann.token), 'manage', ann.homeId);
  const deviceId = await side.addDevice(ann.homeId);
  await side.bindings.createCode(proof);
  await assert.rejects(side.homes.remove(proof), { status: 'INVALID_STATE', httpStatus: 409 });
  await side.db.updateTable('device').set({ home_id: null }).where('id', '=', deviceId).execute();
  await side.homes.remove(proof);
  for (const table of ['home', 'home_member', 'binding_code'] as const) {
    assert.deepEqual(await side.db.selectFrom(table).selectAll().execute(), [], table);
  }
});

test('nobody owns more homes than a company could look after', async () => {
  await using side = await UserSide.open();
  const ann = await side.settle('Ann');
  const home = { name: 'Cabin', timezone: 'UTC' };
  for (let count = 1; count < 200; count += 1) await side.homes.create(ann.userId, home);
  await assert.rejects(side.homes.create(ann.userId, home), { status: 'LIMIT_EXCEEDED' });
  const ben = await side.settle('Ben');
  await side.homes.create(ben.userId, home);
});
