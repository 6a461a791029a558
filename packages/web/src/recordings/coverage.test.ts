import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coveredMs, gapsOf, minutesOf, videoOf } from './coverage.ts';

const spans = [
  { from: 0, to: 20_000, kind: 'video' },
  { from: 20_000, to: 60_000, kind: 'gap', cause: 'network', reason: 'offline' },
  { from: 60_000, to: 62_000, kind: 'gap', cause: 'unknown', reason: 'unknown' },
  { from: 62_000, to: 72_000, kind: 'video' },
] as const;

test('what was recorded is told from what was not', () => {
  assert.equal(coveredMs(videoOf(spans)), 30_000);
  assert.deepEqual(gapsOf(spans), [{ from: 20_000, to: 60_000, reason: 'offline' }]);
});

test('a minute is listed when something of it was recorded', () => {
  assert.deepEqual(minutesOf([{ from: 50_000, to: 130_000 }], 0), [0, 60_000, 120_000]);
  assert.deepEqual(minutesOf([{ from: 50_000, to: 60_100 }], 0), [0]);
});
