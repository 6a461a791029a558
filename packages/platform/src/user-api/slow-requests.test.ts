import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';

/** Sends the head of a request, and its body when told; resolves once the platform has let it in. */
async function begin(side: UserSide, { body, path, token }: { readonly body: string; readonly path: string; readonly token: string }) {
  const { promise: letIn, resolve } = Promise.withResolvers<void>();
  const find = side.accounts.authenticate.bind(side.accounts);
  side.accounts.authenticate = async (credential) => {
    const visitor = await find(credential);
    resolve();
    return visitor;
  };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  const sending: ClientRequest = request(`${side.url}/api/v1${path}`, { method: 'POST', headers });
  sending.flushHeaders();
  await letIn;
  return async (): Promise<number | undefined> => {
    sending.end(body);
    const [response] = (await once(sending, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode;
  };
}

test('whoever holds back the rest of a request until they are shown out invites nobody with it', async () => {
  await using side = await UserSide.open();
  const { clock, db } = side;
  const { homeId } = await side.settle('Owner');
  const former = await side.admit('Former', homeId, ['view.live', 'manage']);
  const invitation = { path: `/homes/${homeId}/members`, token: former.token, body: '{"email":"friend@example.org","role":"guest"}' };
  const [finish, finishToo] = [await begin(side, invitation), await begin(side, invitation)];
  await clock.advance(1_000);
  assert.equal(await finish(), 201);
  await db.deleteFrom('home_member').where('user_id', '=', former.userId).execute();
  assert.equal(await finishToo(), 404);
  assert.equal((await db.selectFrom('invitation').selectAll().execute()).length, 1);
});
