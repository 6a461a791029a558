import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserSide } from '../testing/user-side.ts';

async function openSegment() {
  const side = await UserSide.open();
  const { token, homeId } = await side.settle('Ann');
  const id = side.addSegment(await side.addDevice(homeId), homeId);
  const get = (headers: Record<string, string> = {}, method = 'GET') => side.send(method, `/segments/${id}/media`, { token, headers });
  return { side, get };
}

test('a segment is served whole as MP4 with its hash as entity tag', async () => {
  const { side, get } = await openSegment();
  await using _ = side;
  const { status, headers, body } = await get();
  assert.deepEqual([status, body], [200, '0123456789']);
  assert.equal(headers.get('content-type'), 'video/mp4');
  assert.equal(headers.get('content-length'), '10');
  assert.equal(headers.get('accept-ranges'), 'bytes');
  assert.equal(headers.get('etag'), `"${'ab'.repeat(32)}"`);
});

test('a player gets the part it asks for', async () => {
  const { side, get } = await openSegment();
  await using _ = side;
  const { status, headers, body } = await get({ range: 'bytes=2-4' });
  assert.deepEqual([status, body, headers.get('content-range'), headers.get('content-length')], [206, '234', 'bytes 2-4/10', '3']);
  const outside = await get({ range: 'bytes=10-' });
  assert.deepEqual([outside.status, outside.headers.get('content-range')], [416, 'bytes */10']);
});

test('what a player has already is not sent again, and a part of something else neither', async () => {
  const { side, get } = await openSegment();
  await using _ = side;
  const etag = `"${'ab'.repeat(32)}"`;
  assert.equal((await get({ 'if-none-match': etag })).status, 304);
  assert.equal((await get({ range: 'bytes=2-4', 'if-range': etag })).status, 206);
  assert.equal((await get({ range: 'bytes=2-4', 'if-range': '"other"' })).status, 200);
});

test('HEAD tells size and type and sends no bytes', async () => {
  const { side, get } = await openSegment();
  await using _ = side;
  const { status, headers, body } = await get({}, 'HEAD');
  assert.deepEqual([status, body, headers.get('content-length'), headers.get('content-type')], [200, '', '10', 'video/mp4']);
});
