import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridOfWall, pageOfWall, shiftOfWall } from './wall-layout.ts';

const cameras = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1);

test('up to nine cameras stay on the wall, more take turns and none is left out', () => {
  assert.deepEqual(pageOfWall(cameras(9), 12_345), cameras(9));
  assert.deepEqual(pageOfWall(cameras(10), 0), [1, 2, 3, 4, 5]);
  assert.deepEqual(pageOfWall(cameras(10), 19_999), [1, 2, 3, 4, 5]);
  assert.deepEqual(pageOfWall(cameras(10), 20_000), [6, 7, 8, 9, 10]);
  assert.deepEqual(pageOfWall(cameras(10), 40_000), [1, 2, 3, 4, 5]);
  const shown = [0, 20_000, 40_000, 60_000].flatMap((now) => pageOfWall(cameras(30), now));
  assert.deepEqual(shown, cameras(30));
});

test('the wall fills a wide screen and a high one', () => {
  assert.deepEqual(gridOfWall(0, false), { columns: 1, rows: 1 });
  assert.deepEqual(gridOfWall(2, false), { columns: 2, rows: 1 });
  assert.deepEqual(gridOfWall(2, true), { columns: 1, rows: 2 });
  assert.deepEqual(gridOfWall(4, false), { columns: 2, rows: 2 });
  assert.deepEqual(gridOfWall(9, true), { columns: 3, rows: 3 });
});

test('the wall moves a little each minute, and comes back', () => {
  const minutes = [0, 1, 2, 3, 4, 5, 6].map((minute) => shiftOfWall(minute * 60_000));
  assert.deepEqual(minutes, [0, 2, 4, 6, 4, 2, 0]);
});
