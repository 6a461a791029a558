import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { type Household, UserSide } from '../testing/user-side.ts';

/** More than what lies between a server and a reader on the way. */
const LONG = Buffer.alloc(64 * 1024 * 1024);

/** Begins to read a recording and then takes its time. */
async function read(side: UserSide, token: string, segmentId: string): Promise<IncomingMessage> {
  const asked = get(`${side.url}/api/v1/segments/${segmentId}/media`, { headers: { authorization: `Bearer ${token}` } });
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  return response;
}

/** How many bytes came until the answer ended. */
async function rest(response: IncomingMessage): Promise<number> {
  let sizeBytes = 0;
  response.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
  });
  response.on('error', () => {});
  await new Promise((resolve) => response.once('close', resolve));
  return sizeBytes;
}

async function world() {
  const side = await UserSide.open();
  const ann = await side.settle('Ann');
  const ben = await side.admit('Ben', ann.homeId, ['view.recordings']);
  const door = await side.addDevice(ann.homeId);
  return { side, ann, ben, door, segment: side.addSegment(door, ann.homeId, LONG) };
}

test('a recording that is read slowly breaks off when its reader leaves the home, and nobody else notices', async () => {
  const { side, ann, ben, segment } = await world();
  await using _ = side;
  const [mine, theirs] = [await read(side, ann.token, segment), await read(side, ben.token, segment)];
  const removed = await side.send('DELETE', `/homes/${ann.homeId}/members/${ben.userId}`, { token: ann.token });
  assert.equal(removed.status, 204);
  assert.ok((await rest(theirs)) < LONG.length);
  assert.equal(await rest(mine), LONG.length);
});

test('so it does when the login, the API token or the camera is gone, and not when another one is', async () => {
  const { side, ann, ben, door, segment } = await world();
  await using _ = side;
  const login = async (who: Household): Promise<string> =>
    (await side.send('POST', '/sessions', { body: { email: who.email, password: who.password } })).body.token;
  const body = { name: 'Script', actions: ['view.recordings'], devices: [door] };
  const api = (await side.send('POST', '/tokens', { token: ann.token, body })).body;
  const second = await login(ben);
  const [byLogin, byToken, byOther] = [
    await read(side, second, segment),
    await read(side, api.token, segment),
    await read(side, ben.token, segment),
  ];
  await side.send('DELETE', '/sessions/current', { token: second });
  assert.ok((await rest(byLogin)) < LONG.length);
  await side.send('DELETE', `/tokens/${api.id}`, { token: ann.token });
  assert.ok((await rest(byToken)) < LONG.length);
  await side.db.updateTable('device').set({ home_id: null, binding_epoch: 1 }).where('id', '=', door).execute();
  side.bus.publish({ type: 'revoked', scope: 'device', id: door });
  assert.ok((await rest(byOther)) < LONG.length);
});

test('so it does when the time is over for which somebody was let in', async () => {
  const { side, ann, ben, segment } = await world();
  await using _ = side;
  const until = side.clock.now() + 60_000;
  await side.db.updateTable('home_member').set({ access_until: until }).where('user_id', '=', ben.userId).execute();
  const [mine, theirs] = [await read(side, ann.token, segment), await read(side, ben.token, segment)];
  await side.clock.advance(59_000);
  assert.equal(theirs.destroyed, false);
  await side.clock.advance(2_000);
  assert.ok((await rest(theirs)) < LONG.length);
  assert.equal(await rest(mine), LONG.length);
});
