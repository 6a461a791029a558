import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMediaFrame, encodeMediaFrame, writeMediaFrameHeader } from './media-frame.ts';

const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

test('a key frame fragment of track 1 has these bytes on the wire', () => {
  const bytes = encodeMediaFrame({ kind: 'fragment', key: true, track: 1, seq: 0x01020304, payload: hex('cafe') });
  assert.deepEqual(bytes, hex('01 01 0001 01020304 cafe'));
});

test('the initialisation segment has these bytes on the wire', () => {
  assert.deepEqual(encodeMediaFrame({ kind: 'init', key: false, track: 0, seq: 0, payload: hex('00') }), hex('00 00 0000 00000000 00'));
});

test('the last sequence number and the highest track are read as unsigned', () => {
  assert.deepEqual(decodeMediaFrame(hex('01 00 ffff ffffffff aa')), {
    kind: 'fragment',
    key: false,
    track: 65_535,
    seq: 4_294_967_295,
    payload: hex('aa'),
  });
});

test('flags nobody knows yet are ignored', () => {
  assert.equal(decodeMediaFrame(hex('01 fe 0001 00000001 aa'))?.key, false);
  assert.equal(decodeMediaFrame(hex('01 ff 0001 00000001 aa'))?.key, true);
});

test('what is too short or of an unknown kind is no media frame', () => {
  for (const bytes of ['', '01', '01 01 0001 01020304', '02 00 0001 00000001 aa', 'ff 00 0001 00000001 aa']) {
    assert.equal(decodeMediaFrame(hex(bytes)), undefined, bytes);
  }
});

test('a frame in the middle of a larger buffer is read in place', () => {
  const buffer = hex('ee ee 01 01 0002 00000009 ab cd ee');
  const frame = decodeMediaFrame(buffer.subarray(2, 12));
  assert.deepEqual(frame, { kind: 'fragment', key: true, track: 2, seq: 9, payload: hex('abcd') });
  assert.equal(frame?.payload.buffer, buffer.buffer);
});

test('a header can be written in front of a payload that is already in place', () => {
  const buffer = hex('00 0000000000000000 abcd');
  writeMediaFrameHeader(buffer.subarray(1), { kind: 'fragment', key: true, track: 1, seq: 7 });
  assert.deepEqual(buffer, hex('00 01 01 0001 00000007 abcd'));
});

test('every frame is read back as it was written, and no bytes make the reader throw', () => {
  const frame = fc.record(
    {
      kind: fc.constantFrom('init' as const, 'fragment' as const),
      key: fc.boolean(),
      track: fc.nat(65_535),
      seq: fc.nat(4_294_967_295),
      payload: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    },
    { noNullPrototype: true },
  );
  fc.assert(fc.property(frame, (original) => assert.deepEqual(decodeMediaFrame(encodeMediaFrame(original)), original)));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => void decodeMediaFrame(bytes)));
});
