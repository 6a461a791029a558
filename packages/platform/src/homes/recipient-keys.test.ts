import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Action } from '@cardea/api';
import { UserSide } from '../testing/user-side.ts';
import { RecipientKeys } from './recipient-keys.ts';

const PHONE = { publicKey: 'B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9_AsrhtHHw', name: 'Phone' };
const LAPTOP = { publicKey: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo', name: 'Laptop' };

test('members add keys of their own; those of all who may see a camera are what it encrypts for', async () => {
  await using side = await UserSide.open();
  const owner = await side.settle('Owner');
  const guest = await side.register('Guest');
  const [seen, unseen] = [await side.addDevice(owner.homeId), await side.addDevice(owner.homeId)];
  const member = (allowed: readonly Action[], devices: readonly string[], until: number | null = null) =>
    side.db
      .insertInto('home_member')
      .values({
        ...{ home_id: owner.homeId, user_id: guest.userId, role: 'member', created_at: 1 },
        ...{ actions: JSON.stringify(allowed), devices: JSON.stringify(devices), access_until: until },
      })
      .execute();
  const leave = () => side.db.deleteFrom('home_member').where('user_id', '=', guest.userId).where('home_id', '=', owner.homeId).execute();
  const path = `/homes/${owner.homeId}/recipient-keys`;
  const keys = new RecipientKeys({ db: side.db, clock: side.clock, onChange: () => {} });
  const of = (deviceId: string) => keys.of({ homeId: owner.homeId, deviceId });

  const added = await side.send('POST', path, { token: owner.token, body: PHONE });
  assert.deepEqual([added.status, added.body.keyId, added.body.userId], [201, 'aaa8fff703b50b22', owner.userId]);
  await member(['view.recordings'], [seen]);
  assert.equal((await side.send('POST', path, { token: guest.token, body: LAPTOP })).status, 201);
  assert.equal((await side.send('GET', path, { token: owner.token })).body.items.length, 2);
  assert.deepEqual(await of(seen), [PHONE.publicKey, LAPTOP.publicKey]);
  assert.deepEqual(await of(unseen), [PHONE.publicKey]);

  for (const [allowed, until] of [[['view.live'], null] as const, [['view.recordings'], 1] as const]) {
    await leave();
    await member(allowed, ['*'], until);
    assert.deepEqual(await of(seen), [PHONE.publicKey], `${allowed} ${until}`);
  }
  await side.send('DELETE', `${path}/${added.body.keyId}`, { token: guest.token });
  assert.deepEqual(await of(seen), [PHONE.publicKey], 'nobody removes what is another’s');
  await side.send('DELETE', `${path}/${added.body.keyId}`, { token: owner.token });
  assert.deepEqual(await of(seen), []);
});

test('what is no public key is refused', async () => {
  await using side = await UserSide.open();
  const owner = await side.settle('Owner');
  const path = `/homes/${owner.homeId}/recipient-keys`;
  for (const publicKey of ['A'.repeat(43), 'short', `${PHONE.publicKey}=`]) {
    assert.equal((await side.send('POST', path, { token: owner.token, body: { ...PHONE, publicKey } })).status, 400, publicKey);
  }
});
