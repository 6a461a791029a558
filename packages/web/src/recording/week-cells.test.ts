import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allCells, cellOf, cellsOf, isSameWeek, painted, spansOf } from './week-cells.ts';

const workingDays = [0, 1, 2, 3, 4];

test('working hours and whole weekends become as few parts as days differ', () => {
  const working = workingDays.flatMap((day) => [9, 10, 11, 13, 14].map((hour) => cellOf(day, hour)));
  const weekend = [5, 6].flatMap((day) => Array.from({ length: 24 }, (_, hour) => cellOf(day, hour)));
  assert.deepEqual(spansOf(new Set([...working, ...weekend])), [
    { days: [1, 2, 3, 4, 5], from: '09:00', to: '12:00' },
    { days: [1, 2, 3, 4, 5], from: '13:00', to: '15:00' },
    { days: [6, 7], from: '00:00', to: '24:00' },
  ]);
  assert.deepEqual(spansOf(allCells), [{ from: '00:00', to: '24:00' }]);
});

test('what is shown is what was said, also past midnight and on the last night of the week', () => {
  const night = cellsOf([{ days: [7], from: '22:00', to: '02:00' }]);
  assert.deepEqual(
    [...night].toSorted((a, b) => a - b),
    [0, 1, 166, 167],
  );
  assert.deepEqual(cellsOf(spansOf(night)), new Set([166, 167, 0, 1]));
  assert.equal(cellsOf([{ from: '00:00', to: '24:00' }]).size, 168);
  assert.deepEqual(cellsOf([{ days: [1], from: '08:30', to: '09:15' }]), new Set([8, 9]));
});

test('a rectangle is painted from any corner to the opposite one', () => {
  const square = painted(new Set(), [cellOf(2, 10), cellOf(1, 8)], true);
  assert.deepEqual(square, new Set([cellOf(1, 8), cellOf(1, 9), cellOf(1, 10), cellOf(2, 8), cellOf(2, 9), cellOf(2, 10)]));
  assert.ok(isSameWeek(painted(square, [cellOf(1, 8), cellOf(2, 10)], false), new Set()));
});
