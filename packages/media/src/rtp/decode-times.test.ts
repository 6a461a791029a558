import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodeTimes } from './decode-times.ts';

function timesOf(depth: number, shown: readonly number[]): readonly (number | undefined)[] {
  const times = new DecodeTimes(depth);
  return shown.map((pts) => times.next(pts, 1));
}

test('pictures that are shown in the order they come are decoded when they are shown', () => {
  assert.deepEqual(timesOf(0, [5, 6, 8]), [5, 6, 8]);
});

test('pictures shown after ones behind them are decoded before, at rising times and none after it is shown', () => {
  assert.deepEqual(timesOf(1, [10, 13, 11, 12, 16, 14, 15]), [9, 10, 11, 12, 13, 14, 15]);
  assert.deepEqual(timesOf(2, [10, 14, 12, 11, 13, 18, 16, 15, 17]), [8, 9, 10, 11, 12, 13, 14, 15, 16]);
});

test('a sender that reorders more than was allowed for, or repeats a time, is told from one that does not', () => {
  assert.deepEqual(timesOf(0, [10, 13, 11]), [10, 13, undefined]);
  assert.deepEqual(timesOf(0, [10, 10]), [10, undefined]);
});
