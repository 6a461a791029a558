import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SendQueue } from './send-queue.ts';

const key = { keyframe: true };
const delta = { keyframe: false };

/** Sends a picture of 1,000 bytes at each time. */
function fill(queue: SendQueue, fromMs: number, toMs: number): void {
  for (let timeMs = fromMs; timeMs <= toMs; timeMs += 100) queue.sent(1_000, timeMs);
}

test('nothing goes out before a key frame', () => {
  const queue = new SendQueue();
  assert.equal(queue.admits(delta, 0), false);
  assert.equal(queue.admits(key, 0), true);
  assert.equal(queue.admits(delta, 0), true);
  assert.equal(queue.skippedCount, 0);
});

test('when more than two seconds wait, pictures are left out up to the next key frame', () => {
  const queue = new SendQueue();
  assert.equal(queue.admits(key, 0), true);
  fill(queue, 0, 2_500);
  assert.equal(queue.admits(delta, 20_000), true, 'two seconds wait');
  fill(queue, 2_600, 2_700);
  assert.equal(queue.admits(delta, 22_000), false, 'more than two seconds wait');
  assert.equal(queue.admits(delta, 0), false, 'the network caught up, but this picture needs those left out');
  assert.equal(queue.admits(key, 0), true);
  assert.equal(queue.skippedCount, 2);
});

test('a key frame is left out too while the network is still behind', () => {
  const queue = new SendQueue();
  queue.admits(key, 0);
  fill(queue, 0, 4_000);
  assert.equal(queue.admits(key, 41_000), false);
  assert.equal(queue.admits(delta, 10_000), false);
  assert.equal(queue.admits(key, 10_000), true);
});
