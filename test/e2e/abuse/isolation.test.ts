import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIsolationStorm } from '../../support/isolation/isolation-storm.ts';

test('nobody gets what is not theirs, by what the pictures themselves say, while devices drop and a process of two is killed', async (t) => {
  const { cells, failed, holes, own, pictures, refused } = await runIsolationStorm({ devices: 50, rounds: 1, oneCellIn: 12, oneWayIn: 3 });
  t.diagnostic(`${cells} cells, ${pictures} pictures in ${own.size} ways, ${refused} refused, ${failed} failed`);
  assert.deepEqual(holes, []);
  assert.ok(refused > 10, `${refused} refusals`);
  assert.ok(cells > 300, `${cells} cells`);
});
