import assert from 'node:assert/strict';
import { test } from 'node:test';
import { webSocketFrame, webSocketText } from './websocket-frame.ts';

test('a short text message is two bytes of header and the text', () => {
  assert.equal(webSocketFrame('text', [Buffer.from('{}')]).toString('hex'), '81027b7d');
});

test('a text is framed as its bytes, however long', () => {
  assert.equal(webSocketText('Grüße').toString('hex'), '81074772c3bcc39f65');
  const long = webSocketText('é'.repeat(63));
  assert.deepEqual([long.subarray(0, 4).toString('hex'), long.length], ['817e007e', 130]);
});

test('a binary message of 126 bytes carries its length in 16 bits', () => {
  const frame = webSocketFrame('binary', [new Uint8Array(100), new Uint8Array(26)]);
  assert.equal(frame.subarray(0, 4).toString('hex'), '827e007e');
  assert.equal(frame.length, 130);
});

test('a binary message of 65536 bytes carries its length in 64 bits', () => {
  const frame = webSocketFrame('binary', [new Uint8Array(65_536)]);
  assert.equal(frame.subarray(0, 10).toString('hex'), '827f0000000000010000');
  assert.equal(frame.length, 65_546);
});
