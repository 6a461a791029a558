import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesOf, hexOf } from '../box-bytes.test.ts';
import { MediaError } from '../media-error.ts';
import { decodeAmf0, encodeAmf0, encodeAmf0Metadata } from './amf0.ts';

test('a command reads as its name, its number and its arguments', () => {
  const bytes = bytesOf('020007636f6e6e656374' + '003ff0000000000000' + '03' + '00036170700200' + '02766d' + '000009' + '05' + '0101');
  assert.deepEqual(decodeAmf0(bytes), ['connect', 1, { app: 'vm' }, null, true]);
  assert.equal(hexOf(encodeAmf0(['connect', 1, { app: 'vm' }, null, true])), hexOf(bytes));
});

test('an ECMA array whose end is missing reads as far as it goes', () => {
  assert.deepEqual(decodeAmf0(bytesOf('08' + '00000001' + '0001' + '77' + '004064000000000000')), [{ w: 160 }]);
});

test('metadata are an ECMA array after their name', () => {
  assert.equal(
    hexOf(encodeAmf0Metadata({ w: 160 })),
    '02000a6f6e4d65746144617461' + '0800000001' + '000177' + '004064000000000000' + '000009',
  );
});

test('dates, long strings, lists and undefined are read', () => {
  const bytes = bytesOf('0b40590000000000000000' + '0c00000002' + '6869' + '0a00000002' + '06' + '0100');
  assert.deepEqual(decodeAmf0(bytes), [100, 'hi', [undefined, false]]);
});

test('a member named like a part of the language is only a name', () => {
  const bytes = encodeAmf0([Object.fromEntries([['__proto__', { polluted: true }]])]);
  const [value] = decodeAmf0(bytes);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(Object(value)), ['__proto__']);
});

test('values nested without end, lists longer than their bytes and unknown kinds are refused', () => {
  const nested = bytesOf(`${'0a00000001'.repeat(20)}05`);
  const long = bytesOf('0affffffff05');
  const many = new Uint8Array(5_000).fill(5);
  for (const wrong of [nested, long, many, bytesOf('0700'), bytesOf('0200ff61'), bytesOf('00')]) {
    assert.throws(() => decodeAmf0(wrong), MediaError, hexOf(wrong.subarray(0, 8)));
  }
});
