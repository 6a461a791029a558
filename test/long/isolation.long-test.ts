import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIsolationStorm } from '../support/isolation/isolation-storm.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 100);

test(`${ROUNDS} times everybody asks for everything of two homes, while 500 devices come back again and again and processes are killed`, async (t) => {
  const { cells, failed, holes, own, pictures, refused } = await runIsolationStorm({ devices: 500, rounds: ROUNDS });
  t.diagnostic(`${cells} cells, ${pictures} pictures in ${own.size} ways, ${refused} refused, ${failed} failed`);
  assert.deepEqual(holes, []);
  assert.ok(refused > ROUNDS * 20, `${refused} refusals`);
  assert.ok(cells > ROUNDS * 3_000, `${cells} cells`);
});
