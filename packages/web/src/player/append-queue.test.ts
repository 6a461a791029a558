import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppendQueue } from './append-queue.ts';

const append = (...bytes: number[]) => ({ kind: 'append', bytes: Uint8Array.from(bytes) }) as const;

test('what came meanwhile is appended in one piece', () => {
  const queue = new AppendQueue();
  queue.push(append(1, 2));
  queue.push(append(3));
  assert.deepEqual(queue.take(), append(1, 2, 3));
  assert.equal(queue.take(), undefined);
});

test('a change of type stands between the media before and after it', () => {
  const queue = new AppendQueue();
  queue.push(append(1));
  queue.push({ kind: 'changeType', mime: 'video/mp4' });
  queue.push(append(2));
  assert.deepEqual(queue.take(), append(1));
  assert.deepEqual(queue.take(), { kind: 'changeType', mime: 'video/mp4' });
  assert.deepEqual(queue.take(), append(2));
});

test('media that did not fit yet comes first again', () => {
  const queue = new AppendQueue();
  queue.push(append(1));
  queue.take();
  queue.push(append(2));
  queue.putBack(Uint8Array.from([1]));
  assert.deepEqual(queue.take(), append(1, 2));
});

test('a browser that does not keep up is noticed at 8 MiB', () => {
  const queue = new AppendQueue();
  const half = { kind: 'append', bytes: new Uint8Array(4 * 1024 * 1024) } as const;
  assert.equal(queue.push(half), true);
  assert.equal(queue.push(half), true);
  assert.equal(queue.push(append(1)), false);
  queue.take();
  assert.equal(queue.push(append(1)), true);
});

test('a browser that does not keep up is noticed at 600 packets', () => {
  const queue = new AppendQueue();
  for (let count = 0; count < 600; count += 1) assert.equal(queue.push(append(1)), true);
  assert.equal(queue.push(append(1)), false);
});
