import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestFrame, scrubWindow } from './scrub-frames.ts';

const frame = (at: number) => ({ at, segmentId: '01KDVBH0000000000000000001', tile: 0 });

test('the picture of an instant is the one that was on show then, and none where nothing was recorded', () => {
  const frames = [frame(10_000), frame(12_000), frame(60_000)];
  assert.equal(nearestFrame(frames, 13_500)?.at, 12_000);
  assert.equal(nearestFrame(frames, 9_000)?.at, 10_000);
  assert.equal(nearestFrame(frames, 40_000), undefined);
  assert.equal(nearestFrame([], 0), undefined);
});

test('instants within five minutes are asked for together', () => {
  assert.deepEqual(scrubWindow(601_234), { from: 600_000, to: 900_000 });
  assert.deepEqual(scrubWindow(899_999), scrubWindow(600_000));
});
