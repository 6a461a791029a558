import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';
import { BoundedQueue } from './bounded-queue.ts';
import { VirtualClock } from './clock.ts';
import { TokenBucket, TokenBuckets } from './token-bucket.ts';

test('a full queue refuses by count and by bytes and keeps its order', () => {
  const queue = new BoundedQueue<string>({ maxCount: 2, maxBytes: 10 });
  assert.equal(queue.push('a', 6), true);
  assert.equal(queue.push('b', 5), false);
  assert.equal(queue.push('c', 4), true);
  assert.equal(queue.push('d', 0), false);
  assert.deepEqual([queue.shift(), queue.shift(), queue.shift()], ['a', 'c', undefined]);
  assert.equal(queue.sizeBytes, 0);
});

test('a bucket lets a burst through and then the rate', async () => {
  const clock = new VirtualClock();
  const bucket = new TokenBucket({ burst: 2, perSecond: 1 }, clock);
  assert.equal(bucket.take(), 0);
  assert.equal(bucket.take(), 0);
  assert.equal(bucket.take(), 1_000);
  await clock.advance(1_000);
  assert.equal(bucket.take(), 0);
});

test('the table of buckets forgets the key least recently used', () => {
  const buckets = new TokenBuckets({ burst: 1, perSecond: 0.001 }, new VirtualClock(), 2);
  assert.equal(buckets.take('a'), 0);
  assert.equal(buckets.take('b'), 0);
  assert.ok(buckets.take('a') > 0);
  assert.equal(buckets.take('c'), 0);
  assert.equal(buckets.take('b'), 0);
});

test('waits double up to the cap, are spread over half of it, and start again after a reset', () => {
  const backoff = new Backoff({ baseMs: 2_000, maxMs: 30_000, longAfterMs: 100_000, longMaxMs: 300_000, random: () => 1 });
  assert.deepEqual(
    Array.from({ length: 6 }, () => backoff.next()),
    [2_000, 4_000, 8_000, 16_000, 30_000, 30_000],
  );
  assert.equal(backoff.next(), 30_000);
  assert.equal(backoff.next(), 256_000);
  assert.equal(backoff.next(), 300_000);
  backoff.reset();
  assert.equal(backoff.next(), 2_000);
  const low = new Backoff({ baseMs: 2_000, maxMs: 30_000, random: () => 0 });
  assert.equal(low.next(), 1_000);
});
