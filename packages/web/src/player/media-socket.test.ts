import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mimeIn } from './media-socket.ts';

test('the head of a stream tells its type', () => {
  assert.equal(mimeIn('{"mime":"video/mp4; codecs=\\"avc1.64001f\\"","more":1}'), 'video/mp4; codecs="avc1.64001f"');
});

test('anything else is no head', () => {
  for (const data of ['', '{', 'null', '{"mime":1}', '[]', undefined]) assert.equal(mimeIn(data), undefined);
});
