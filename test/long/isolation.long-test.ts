import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runIsolationStorm } from '../support/isolation/isolation-storm.ts';

const ROUNDS = Number(process.env.ROUNDS ?? 100);
/** Of what there is to ask a round takes one in so many: with a hundred rounds everything comes up fourteen times. */
const ONE_IN = 7;

test(`in ${ROUNDS} rounds everybody asks for everything of two homes, while 500 devices come back again and again and processes are killed`, async (t) => {
  const storm = { devices: 500, rounds: ROUNDS, oneCellIn: ONE_IN, oneWayIn: ONE_IN };
  const { cells, failed, holes, own, pictures, refused } = await runIsolationStorm(storm);
  t.diagnostic(`${cells} cells, ${pictures} pictures in ${own.size} ways, ${refused} refused, ${failed} failed`);
  assert.deepEqual(holes, []);
  assert.ok(refused > ROUNDS * 3, `${refused} refusals`);
  assert.ok(cells > ROUNDS * 450, `${cells} cells`);
});
