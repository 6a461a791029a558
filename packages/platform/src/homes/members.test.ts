import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BusMessageOf } from '../store/ports.ts';
import { type Household, UserSide } from '../testing/user-side.ts';

const DAY_MS = 24 * 3_600_000;
const BOB = { email: 'Bob@Example.org', name: 'Bob', password: 'a long enough password' };

async function home() {
  const side = await UserSide.open();
  const ann = await side.settle('Ann');
  const members = `/homes/${ann.homeId}/members`;
  const invite = (body: object, token = ann.token) => side.send('POST', members, { token, body });
  const accept = (body: object, token?: string) => side.send('POST', '/invitations/accept', { body, ...(token && { token }) });
  /** A new user who accepted. */
  const join = async (name: string, role: unknown, extra: object = {}): Promise<Household> => {
    const email = `${name.toLowerCase()}@example.org`;
    const { inviteToken } = (await invite({ email, role, ...extra })).body;
    const joined = await accept({ inviteToken, name, password: BOB.password });
    assert.equal(joined.status, 200, JSON.stringify(joined.body));
    return { userId: joined.body.user.id, email, password: BOB.password, token: joined.body.token, homeId: ann.homeId };
  };
  return { side, ann, members, invite, accept, join };
}

test('an invitation lets a new user in, once, with what the role says', async () => {
  const { side, ann, members, invite, accept } = await home();
  await using _ = side;
  const deviceId = await side.addDevice(ann.homeId);
  const made = await invite({ email: BOB.email, role: { actions: ['view.live'], devices: [deviceId] } });
  assert.equal(made.status, 201);
  assert.deepEqual(Object.keys(made.body).sort(), ['expiresAt', 'id', 'inviteToken', 'inviteUrl']);
  assert.equal(made.body.inviteUrl, `${side.url}/invitation#token=${made.body.inviteToken}`);
  assert.equal(made.body.expiresAt, side.clock.now() + 7 * DAY_MS);

  const { inviteToken } = made.body;
  const said = await side.send('POST', '/invitations/show', { body: { inviteToken } });
  assert.deepEqual([said.body.homeName, said.body.invitedBy, said.body.email], ['Home of Ann', 'Ann', 'bob@example.org']);

  const joined = await accept({ inviteToken, ...BOB });
  assert.deepEqual([joined.status, joined.body.user.email, joined.body.homeId], [200, 'bob@example.org', ann.homeId]);
  assert.match(joined.headers.get('set-cookie') ?? '', /^cardea=/);
  const seen = await side.send('GET', '/devices', { token: joined.body.token });
  assert.deepEqual(
    seen.body.items.map(({ id }: { id: string }) => id),
    [deviceId],
  );
  assert.equal((await side.send('POST', `/devices/${deviceId}/commands/ptz.control`, { token: joined.body.token, body: {} })).status, 403);

  const listed = await side.send('GET', members, { token: ann.token });
  assert.deepEqual(
    listed.body.items.map(({ name, state, role, actions }: Record<string, unknown>) => [name, state, role, actions]),
    [
      ['Ann', 'joined', 'owner', ['view.live', 'view.recordings', 'view.events', 'control', 'configure', 'share', 'manage']],
      ['Bob', 'joined', 'member', ['view.live']],
    ],
  );
  for (const token of [inviteToken, 'invite_unknown']) {
    assert.deepEqual((await accept({ inviteToken: token, ...BOB, email: 'eve@example.org' })).status, 404);
  }
});

test('a user who has an account accepts with it, and nobody else in their place', async () => {
  const { side, ann, invite, accept } = await home();
  await using _ = side;
  const [ben, eve] = [await side.settle('Ben'), await side.settle('Eve')];
  const { inviteToken } = (await invite({ email: ben.email, role: 'guest' })).body;
  assert.equal((await accept({ inviteToken }, eve.token)).status, 403);
  assert.equal((await accept({ inviteToken, ...BOB })).status, 403);
  assert.equal((await accept({ inviteToken, ...BOB, email: ben.email })).status, 409);
  assert.equal((await accept({ inviteToken })).status, 400);
  const joined = await accept({ inviteToken }, ben.token);
  assert.deepEqual([joined.status, joined.body.token, joined.body.homeId], [200, ben.token, ann.homeId]);
  const homes = await side.send('GET', '/homes', { token: ben.token });
  assert.deepEqual(
    homes.body.items.map(({ role }: { role: string }) => role),
    ['guest', 'owner'],
  );
  const again = (await invite({ role: 'admin' })).body;
  assert.equal((await accept({ inviteToken: again.inviteToken }, ben.token)).status, 409);
});

test('an invitation for whoever holds the link ends after a week, or when it is taken back', async () => {
  const { side, ann, members, invite, accept } = await home();
  await using _ = side;
  const [late, withdrawn] = [(await invite({ role: 'guest' })).body, (await invite({ role: 'guest' })).body];
  const open = (await side.send('GET', members, { token: ann.token })).body.items.filter(
    ({ state }: { state: string }) => state === 'invited',
  );
  assert.equal(open.length, 2);
  assert.equal(JSON.stringify(open).includes(late.inviteToken), false);
  assert.equal((await side.send('DELETE', `${members}/${withdrawn.id}`, { token: ann.token })).status, 204);
  assert.equal((await accept({ inviteToken: withdrawn.inviteToken, ...BOB })).status, 404);
  await side.clock.advance(7 * DAY_MS);
  assert.equal((await accept({ inviteToken: late.inviteToken, ...BOB })).status, 404);
});

test('nobody gives more than they have', async () => {
  const { side, ann, invite, join } = await home();
  await using _ = side;
  const deviceId = await side.addDevice(ann.homeId);
  const carl = await join('Carl', { actions: ['view.live', 'manage'], devices: ['*'] });
  assert.equal((await invite({ role: 'admin' }, carl.token)).status, 403);
  assert.equal((await invite({ role: { actions: ['view.recordings'], devices: [deviceId] } }, carl.token)).status, 403);
  assert.equal((await invite({ role: { actions: ['view.live'], devices: [deviceId] } }, carl.token)).status, 201);
  assert.equal((await invite({ role: 'owner' })).status, 400);
  const elsewhere = await side.addDevice((await side.settle('Eve')).homeId);
  assert.equal((await invite({ role: { actions: ['view.live'], devices: [elsewhere] } })).status, 400);
  const raised = await side.send('PATCH', `/homes/${ann.homeId}/members/${carl.userId}`, { token: carl.token, body: { role: 'admin' } });
  assert.equal(raised.status, 403);
  const shortened = await join('Dora', 'admin', { accessUntil: side.clock.now() + DAY_MS });
  assert.equal((await invite({ role: 'guest' }, shortened.token)).status, 403);
  assert.equal((await invite({ role: 'guest', accessUntil: side.clock.now() + DAY_MS }, shortened.token)).status, 201);
});

test('the owner stays: no admin removes or changes the owner, and hands over only as the owner', async () => {
  const { side, ann, members, join } = await home();
  await using _ = side;
  const [adam, mia] = [await join('Adam', 'admin'), await join('Mia', 'member')];
  const change = (userId: string, token: string, body: object) => side.send('PATCH', `${members}/${userId}`, { token, body });
  for (const token of [ann.token, adam.token]) {
    assert.equal((await side.send('DELETE', `${members}/${ann.userId}`, { token })).status, 409);
    assert.equal((await change(ann.userId, token, { role: 'guest' })).status, 409);
  }
  assert.equal((await change(mia.userId, adam.token, { role: 'owner' })).status, 403);
  assert.equal((await change('nobody', ann.token, { role: 'owner' })).status, 404);
  assert.equal((await change(mia.userId, ann.token, { role: 'owner' })).body.role, 'owner');
  const roles = (await side.send('GET', members, { token: mia.token })).body.items.map(({ name, role }: Record<string, string>) => [
    name,
    role,
  ]);
  assert.deepEqual(roles, [
    ['Ann', 'admin'],
    ['Adam', 'admin'],
    ['Mia', 'owner'],
  ]);
  await side.clock.advance(6 * 60_000);
  const stale = await change(ann.userId, mia.token, { role: 'owner' });
  assert.deepEqual([stale.status, stale.body.stepUp], [403, true]);
});

test('a member who is removed or leaves is told to every process, and their open invitations end', async () => {
  const { side, ann, members, invite, accept, join } = await home();
  await using _ = side;
  const [adam, mia] = [await join('Adam', 'admin'), await join('Mia', 'member')];
  const revoked: BusMessageOf<'revoked'>[] = [];
  side.bus.subscribe('revoked', (message) => revoked.push(message));
  const { inviteToken } = (await invite({ role: 'guest' }, adam.token)).body;
  assert.equal((await side.send('DELETE', `${members}/${adam.userId}`, { token: mia.token })).status, 403);
  assert.equal((await side.send('DELETE', `${members}/${adam.userId}`, { token: ann.token })).status, 204);
  assert.equal((await accept({ inviteToken, ...BOB })).status, 404);
  assert.equal((await side.send('DELETE', `${members}/${mia.userId}`, { token: mia.token })).status, 204);
  assert.deepEqual(
    revoked.map(({ scope, id }) => [scope, id]),
    [
      ['user', adam.userId],
      ['user', mia.userId],
    ],
  );
  for (const { token } of [adam, mia]) assert.equal((await side.send('GET', members, { token })).status, 404);
});

test('a guest is one until the day that was set', async () => {
  const { side, ann, members, join } = await home();
  await using _ = side;
  const deviceId = await side.addDevice(ann.homeId);
  const gil = await join('Gil', 'guest', { accessUntil: side.clock.now() + DAY_MS });
  const look = () => side.send('GET', `/devices/${deviceId}`, { token: gil.token });
  assert.equal((await look()).status, 200);
  await side.clock.advance(DAY_MS);
  assert.equal((await look()).status, 404);
  assert.deepEqual((await side.send('GET', '/homes', { token: gil.token })).body.items, []);
  const fresh = (await side.send('POST', '/sessions', { body: { email: ann.email, password: ann.password } })).body.token;
  await side.send('PATCH', `${members}/${gil.userId}`, { token: fresh, body: { accessUntil: null } });
  assert.equal((await look()).status, 200);
});

test('hours are those of the home: outside of them a member is refused', async () => {
  const { side, ann, join } = await home();
  await using _ = side;
  const deviceId = await side.addDevice(ann.homeId);
  // Paris is one or two hours ahead of UTC; the day is the whole Tuesday there.
  const nanny = await join('Nan', { actions: ['view.live'], devices: ['*'], hours: [{ days: [2], from: '00:00', to: '24:00' }] });
  const look = async () => (await side.send('GET', `/devices/${deviceId}`, { token: nanny.token })).status;
  const answers = new Map<string, Set<number>>();
  for (let hour = 0; hour < 7 * 24; hour += 6) {
    const day = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Paris', weekday: 'short' }).format(side.clock.now());
    answers.set(day, (answers.get(day) ?? new Set()).add(await look()));
    await side.clock.advance(6 * 3_600_000);
  }
  assert.equal(answers.size, 7);
  for (const [day, statuses] of answers) assert.deepEqual([...statuses], [day === 'Tue' ? 200 : 403], day);
});
