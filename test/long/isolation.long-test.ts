import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIsolationStorm } from '../support/isolation-storm.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 100);

test(`${ROUNDS} times everything of two homes is asked for by both, while 500 devices come back again and again`, async (t) => {
  const { failed, holes, own, refused } = await runIsolationStorm({ devices: 500, rounds: ROUNDS });
  t.diagnostic(`${[...own].map(([kind, count]) => `${kind} ${count}`).join(', ')}; ${refused} refused, ${failed} failed`);
  assert.deepEqual(holes, []);
  assert.ok(refused > ROUNDS * 5, `${refused} refusals`);
});
