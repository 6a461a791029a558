import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Downsampler } from './downsampler.ts';

test('six samples at 48 kHz become one at 8 kHz, over the borders of what comes', () => {
  const downsampler = new Downsampler(48_000, 8_000);
  assert.deepEqual(downsampler.push(Float32Array.of(1, 1, 1, 1)), []);
  assert.deepEqual(downsampler.push(Float32Array.of(1, 1, 0, 0, 3, 0, 0, 3)), [1, 1]);
});

test('a second of sound at 44.1 kHz is a second at 8 kHz, and a steady sound stays what it is', () => {
  const downsampler = new Downsampler(44_100, 8_000);
  const made = Array.from({ length: 441 }, () => downsampler.push(new Float32Array(100).fill(0.25))).flat();
  assert.ok(made.length === 8_000 || made.length === 7_999);
  assert.ok(made.every((sample) => Math.abs(sample - 0.25) < 1e-9));
});

test('what is slow stays as loud as it was', () => {
  const downsampler = new Downsampler(48_000, 8_000);
  const made = downsampler.push(Float32Array.from({ length: 48_000 }, (_, index) => Math.sin((2 * Math.PI * 400 * index) / 48_000)));
  assert.ok(Math.max(...made) > 0.98);
});
