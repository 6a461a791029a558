import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { CommandGate } from './command-gate.ts';

const outcome = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'done',
    (error: { status: string }) => error.status,
  );

test('ten commands pass at once, ten more within the second, and the rest are refused at once', async () => {
  const clock = new VirtualClock();
  const gate = new CommandGate(clock);
  const done: number[] = [];
  const outcomes = Array.from({ length: 25 }, (_, i) => outcome(gate.run('a', async () => done.push(i))));
  await clock.advance(0);
  assert.equal(done.length, 10);
  await clock.advance(1_000);
  const all = await Promise.all(outcomes);
  assert.deepEqual([done.length, all.filter((status) => status === 'RATE_LIMITED').length], [20, 5]);
});

test('a seventeenth command waits for one of sixteen to end, but not longer than a second', async () => {
  const clock = new VirtualClock();
  const gate = new CommandGate(clock);
  const ends: (() => void)[] = [];
  const slow = () => new Promise<void>((resolve) => ends.push(resolve));
  const first = Array.from({ length: 10 }, () => outcome(gate.run('a', slow)));
  await clock.advance(600);
  first.push(...Array.from({ length: 6 }, () => outcome(gate.run('a', slow))));
  await clock.advance(400);
  assert.equal(ends.length, 16);
  const waits = outcome(gate.run('a', async () => {}));
  const refused = outcome(gate.run('a', slow));
  ends[0]?.();
  assert.equal(await waits, 'done');
  const third = outcome(gate.run('a', slow));
  assert.equal(await outcome(gate.run('b', async () => {})), 'done');
  await clock.advance(1_000);
  assert.equal(ends.length, 17);
  assert.equal(await third, 'LIMIT_EXCEEDED');
  for (const end of ends) end();
  assert.equal(await refused, 'done');
  assert.deepEqual(new Set(await Promise.all(first)), new Set(['done']));
  assert.equal(clock.pendingTimers, 0);
});

test('a caller that gives up leaves the queue', async () => {
  const clock = new VirtualClock();
  const gate = new CommandGate(clock);
  for (let i = 0; i < 10; i += 1) await gate.run('a', async () => {});
  const controller = new AbortController();
  const waiting = outcome(gate.run('a', async () => {}, { signal: controller.signal }));
  controller.abort();
  assert.equal(await waiting, 'CANCELLED');
  assert.equal(clock.pendingTimers, 0);
});
