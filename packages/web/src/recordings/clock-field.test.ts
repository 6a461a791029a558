import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockInstant, clockValue } from './clock-field.ts';

test('a time field writes and reads times of the day that is looked at', () => {
  const instant = new Date(2026, 2, 10, 7, 5, 9).getTime();
  assert.equal(clockValue(instant), '07:05:09');
  assert.equal(clockInstant(new Date(2026, 2, 10, 23).getTime(), '07:05:09'), instant);
  assert.equal(clockInstant(instant, '07:05'), instant - 9_000);
  assert.equal(clockInstant(instant, ''), undefined);
});
