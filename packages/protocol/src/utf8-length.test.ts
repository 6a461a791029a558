import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8Length } from './utf8-length.ts';

test('the length of a text is that of its bytes', () => {
  assert.equal(utf8Length(''), 0);
  assert.equal(utf8Length('abc'), 3);
  assert.equal(utf8Length('\u00fc'), 2);
  assert.equal(utf8Length('\u20ac'), 3);
  assert.equal(utf8Length('\u{1f4f7}'), 4);
  assert.equal(utf8Length('\ud83d'), 3);
});

test('it agrees with an encoder on every text', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(utf8Length(text), Buffer.byteLength(text))));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0xd700, max: 0xe0ff })), (units) => {
      const text = String.fromCharCode(...units);
      assert.equal(utf8Length(text), Buffer.byteLength(text));
    }),
  );
});
