import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from './clock.ts';
import { sleep, withDeadline } from './timing.ts';

test('timers of the virtual clock run in order of time, then of creation', async () => {
  const clock = new VirtualClock(0);
  const ran: string[] = [];
  clock.setTimer(20, () => ran.push('b'));
  clock.setTimer(10, () => ran.push('a'));
  clock.setTimer(20, () => ran.push('c'));
  await clock.advance(15);
  assert.deepEqual(ran, ['a']);
  await clock.advance(5);
  assert.deepEqual(ran, ['a', 'b', 'c']);
  assert.equal(clock.now(), 20);
});

test('a jump of the wall clock leaves durations alone', async () => {
  const clock = new VirtualClock(1_000_000);
  let fired = false;
  clock.setTimer(100, () => {
    fired = true;
  });
  clock.jump(86_400_000);
  assert.equal(clock.now(), 87_400_000);
  assert.equal(clock.monotonicMs(), 0);
  await clock.advance(99);
  assert.equal(fired, false);
  await clock.advance(1);
  assert.equal(fired, true);
});

test('a sleep that is aborted leaves no timer behind', async () => {
  const clock = new VirtualClock();
  const controller = new AbortController();
  const sleeping = assert.rejects(sleep(clock, 1_000, { signal: controller.signal }), { status: 'CANCELLED' });
  controller.abort();
  await sleeping;
  assert.equal(clock.pendingTimers, 0);
});

test('work that outlasts its deadline ends as TIMEOUT and is told to stop', async () => {
  const clock = new VirtualClock();
  let told = false;
  const work = withDeadline(clock, 50, (signal) => {
    signal.addEventListener('abort', () => {
      told = true;
    });
    return new Promise<void>(() => {});
  });
  const ended = assert.rejects(work, { status: 'TIMEOUT' });
  await clock.advance(50);
  await ended;
  assert.equal(told, true);
});
