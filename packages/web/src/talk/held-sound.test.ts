import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldSound } from './held-sound.ts';

test('the newest of what was said before anybody listened is heard first, then what is said', () => {
  const sound = new HeldSound(4);
  const heard: number[] = [];
  for (const sample of [1, 2, 3]) sound.push(Float32Array.of(sample, sample));
  sound.flowTo((block) => heard.push(...block));
  sound.push(Float32Array.of(4, 4));
  assert.deepEqual(heard, [2, 2, 3, 3, 4, 4]);
});

test('what is said while nobody listens any more waits for the next', () => {
  const sound = new HeldSound(4);
  const heard: number[] = [];
  sound.flowTo(() => assert.fail('nobody is there'));
  sound.flowTo(undefined);
  sound.push(Float32Array.of(1));
  sound.flowTo((block) => heard.push(...block));
  assert.deepEqual(heard, [1]);
});
