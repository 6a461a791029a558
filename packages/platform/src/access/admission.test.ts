import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, VirtualClock } from '@cardea/core';
import { Admission } from './admission.ts';

interface Visit {
  readonly outcome: Promise<string>;
  readonly leave: () => void;
}

function openDoor(returnsPerSec = 10) {
  const clock = new VirtualClock();
  const admission = new Admission({ clock, returnsPerSec });
  const entered: string[] = [];
  const visit = (name: string): Visit => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const outcome = admission
      .run(async () => {
        entered.push(name);
        await promise;
      })
      .then(
        () => 'done',
        (error) => `${AppError.from(error).status} ${AppError.from(error).retryAfterMs}`,
      );
    return { outcome, leave: resolve };
  };
  const visits = (count: number, name: string): readonly Visit[] => Array.from({ length: count }, (_, index) => visit(`${name}${index}`));
  return { clock, entered, visit, visits };
}

test('eight devices are authenticated at a time, and of those that wait the newest is next', async () => {
  const { clock, entered, visit, visits } = openDoor();
  const [first] = visits(8, 'inside');
  visit('early');
  visit('late');
  await clock.advance(0);
  assert.equal(entered.length, 8);
  first?.leave();
  await clock.advance(0);
  assert.deepEqual(entered.slice(8), ['late']);
  assert.equal(clock.pendingTimers, 1, 'only who waits has a deadline');
});

test('a device that waited for five seconds is sent away, and its place is free', async () => {
  const { clock, entered, visit, visits } = openDoor();
  const inside = visits(8, 'inside');
  const waits = visit('waits');
  await clock.advance(4_999);
  const comes = visit('comes');
  await clock.advance(1);
  assert.equal(await waits.outcome, 'NO_CAPACITY 2000');
  for (const { leave } of inside) leave();
  comes.leave();
  assert.equal(await comes.outcome, 'done');
  assert.deepEqual(entered.slice(8), ['comes']);
  assert.equal(clock.pendingTimers, 0);
});

test('when more come than may wait the oldest are sent away, each with a time of its own to come back', async () => {
  const { clock, visits } = openDoor(4);
  visits(8, 'inside');
  const waiting = visits(248 + 3, 'waits');
  await clock.advance(0);
  const sentAway = await Promise.all(waiting.slice(0, 3).map(({ outcome }) => outcome));
  assert.deepEqual(sentAway, ['NO_CAPACITY 2000', 'NO_CAPACITY 2250', 'NO_CAPACITY 2500']);
});

test('nobody is told to stay away for longer than a minute', async () => {
  const { clock, visits } = openDoor(1);
  visits(8, 'inside');
  const waiting = visits(248 + 61, 'waits');
  await clock.advance(0);
  const sentAway = await Promise.all(waiting.slice(0, 61).map(({ outcome }) => outcome));
  assert.deepEqual(sentAway.slice(57), ['NO_CAPACITY 59000', 'NO_CAPACITY 60000', 'NO_CAPACITY 2000', 'NO_CAPACITY 3000']);
});
