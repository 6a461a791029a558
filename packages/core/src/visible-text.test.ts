import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleText } from './visible-text.ts';

test('what would clear a screen, hide a line or turn the text around is seen instead', () => {
  assert.equal(visibleText('a\u001b[2Jb\u009b2Jc\r\u0007\u202Ed\u007f'), 'a\\u001b[2Jb\\u009b2Jc\\u000d\\u0007\\u202ed\\u007f');
  assert.equal(visibleText('tab\tline\nümlaut 日本 🎥'), 'tab\tline\nümlaut 日本 🎥');
});

test('JSON stays the same JSON', () => {
  const value = { name: '\u009b31m\u202Eevil\u0000' };
  assert.deepEqual(JSON.parse(visibleText(JSON.stringify(value))), value);
});
