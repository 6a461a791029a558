import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelayMs } from './retry-delay.ts';

test('waits double, up to fifteen seconds, scattered by half', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7].map((failures) => retryDelayMs(failures, 1)),
    [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000],
  );
  assert.equal(retryDelayMs(3, 0), 1_000);
});
