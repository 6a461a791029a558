import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BusMessageOf } from '../store/ports.ts';
import { UserSide } from '../testing/user-side.ts';

const HOUR_MS = 3_600_000;

async function home() {
  const side = await UserSide.open();
  const [ann, helper] = [await side.settle('Ann'), await side.settle('Helper')];
  await side.operators.appoint(helper.userId, null);
  const letIn = (wish: object = {}, token = ann.token) => {
    const body = { email: 'Helper@Example.org', actions: ['view.live'], devices: ['*'], hours: 2, reason: 'No picture at night', ...wish };
    return side.send('POST', `/homes/${ann.homeId}/support`, { token, body });
  };
  const homesOf = async (token: string) => (await side.send('GET', '/homes', { token })).body.items;
  return { side, ann, helper, letIn, homesOf };
}

test('support comes in at once, for all of the home to see, and is gone when its time is over', async () => {
  const { side, ann, helper, letIn, homesOf } = await home();
  await using _ = side;
  const access = await letIn();
  assert.equal(access.status, 201);
  const since = side.clock.now();
  const shown = { userId: helper.userId, name: 'Helper', actions: ['view.live'], devices: ['*'], reason: 'No picture at night' };
  assert.deepEqual(access.body, { ...shown, since, until: since + 2 * HOUR_MS });
  const seenBy = async (token: string) => (await homesOf(token)).find(({ id }: { id: string }) => id === ann.homeId);
  assert.deepEqual((await seenBy(ann.token)).support, [access.body]);
  assert.equal((await seenBy(helper.token)).role, 'support');
  await side.clock.advance(2 * HOUR_MS);
  assert.equal((await seenBy(ann.token)).support, undefined);
  assert.equal(await seenBy(helper.token), undefined);
});

test('nobody but the owner lets support in, nobody but an operator is let in, and not for more than a day', async () => {
  const { side, ann, helper, letIn } = await home();
  await using _ = side;
  const { inviteToken } = (await side.send('POST', `/homes/${ann.homeId}/members`, { token: ann.token, body: { role: 'admin' } })).body;
  const ben = await side.settle('Ben');
  await side.send('POST', '/invitations/accept', { token: ben.token, body: { inviteToken } });
  assert.equal((await letIn({}, ben.token)).status, 403);
  const { token } = (
    await side.send('POST', '/tokens', { token: ann.token, body: { name: 'Script', actions: ['manage'], devices: ['*'] } })
  ).body;
  assert.equal((await letIn({}, token)).status, 403);
  assert.equal((await letIn({}, helper.token)).status, 404);
  for (const wish of [
    { email: ben.email },
    { email: 'nobody@example.org' },
    { hours: 25 },
    { hours: 0 },
    { reason: ' ' },
    { actions: ['manage'] },
    { actions: ['share'] },
    { devices: ['0000000000000000000000000A'] },
  ]) {
    assert.equal((await letIn(wish)).status, 400, JSON.stringify(wish));
  }
  const ownHome = await side.send('POST', `/homes/${helper.homeId}/support`, {
    token: helper.token,
    body: { email: helper.email, actions: ['view.live'], devices: ['*'], hours: 1, reason: 'Me' },
  });
  assert.equal(ownHome.status, 409);
});

test('support stays what it is: nobody makes it longer, more, or the owner, and ending it is told to every process', async () => {
  const { side, ann, helper, letIn } = await home();
  await using _ = side;
  await letIn();
  const member = `/homes/${ann.homeId}/members/${helper.userId}`;
  for (const body of [{ accessUntil: null }, { role: 'admin' }, { role: 'owner' }]) {
    assert.equal((await side.send('PATCH', member, { token: ann.token, body })).status, 409, JSON.stringify(body));
  }
  assert.equal((await letIn()).status, 409);
  const revoked: BusMessageOf<'revoked'>[] = [];
  using _heard = side.bus.subscribe('revoked', (message) => revoked.push(message));
  assert.equal((await side.send('DELETE', member, { token: ann.token })).status, 204);
  assert.deepEqual(revoked, [{ type: 'revoked', scope: 'user', id: helper.userId }]);
});

test('the audit of the home tells who let whom in, why and how long, what they did, and that it was ended', async () => {
  const { side, ann, helper, letIn } = await home();
  await using _ = side;
  const device = await side.addDevice(ann.homeId);
  await letIn();
  await side.send('POST', `/devices/${device}/live`, { token: helper.token, body: { channel: 1, stream: 'main' } });
  await side.send('DELETE', `/homes/${ann.homeId}/members/${helper.userId}`, { token: ann.token });
  const { items } = (await side.send('GET', `/audit?homeId=${ann.homeId}`, { token: ann.token })).body;
  const told = items.filter(({ homeId }: { homeId: string }) => homeId === ann.homeId).reverse();
  assert.deepEqual(
    told.map(({ action, userName }: { action: string; userName: string }) => [action, userName]),
    [
      ['support.create', 'Ann'],
      ['live.create', 'Helper'],
      ['member.delete', 'Ann'],
    ],
  );
  const { email, hours, reason } = told[0].detail;
  assert.deepEqual({ email, hours, reason }, { email: 'Helper@Example.org', hours: 2, reason: 'No picture at night' });
});
