import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIsolationStorm } from '../../support/isolation-storm.ts';

test('no picture of one home gets into another, by what the pictures themselves say, while devices drop and the platform is killed', async (t) => {
  const { failed, holes, own, refused } = await runIsolationStorm({ devices: 100, rounds: 2 });
  t.diagnostic(`${[...own].map(([kind, count]) => `${kind} ${count}`).join(', ')}; ${refused} refused, ${failed} failed`);
  assert.deepEqual(holes, []);
  assert.ok(refused > 20, `${refused} refusals`);
});
