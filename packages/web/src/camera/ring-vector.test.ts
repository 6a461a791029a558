import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ringVector } from './ring-vector.ts';

test('the edge of the ring is full speed, and beyond it too', () => {
  assert.deepEqual(ringVector(80, 0, 80), { pan: 1, tilt: 0 });
  assert.deepEqual(ringVector(0, 200, 80), { pan: 0, tilt: -1 });
});

test('up on the screen is up for the camera', () => {
  assert.deepEqual(ringVector(0, -80, 80), { pan: 0, tilt: 1 });
});

test('near the middle nothing moves, and a short way out it moves slowly', () => {
  assert.deepEqual(ringVector(8, 8, 80), { pan: 0, tilt: 0 });
  assert.deepEqual(ringVector(40, 0, 80), { pan: 0.26, tilt: 0 });
});
