import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../virtual-clock.ts';
import { PtzDriver, type PtzOrder, still } from './ptz-driver.ts';

function rig({ answerMs = 50 } = {}) {
  const clock = new VirtualClock();
  const orders: PtzOrder[] = [];
  const problems: unknown[] = [];
  const driver = new PtzDriver({
    clock,
    axes: ['pan', 'tilt'],
    send: (order) => {
      orders.push(order);
      return new Promise((resolve) => clock.after(answerMs, resolve));
    },
    onProblem: (cause) => problems.push(cause),
  });
  return { clock, orders, problems, driver };
}

const left = { action: 'continuous', velocity: { pan: -0.5, tilt: 0 }, timeoutMs: 1_000 } as const;

test('a held button keeps the camera moving and letting go stops it', async () => {
  const { clock, orders, driver } = rig();
  driver.steer({ ...still, pan: -0.5 });
  await clock.advance(1_000);
  driver.release();
  await clock.advance(1_000);
  assert.deepEqual(orders, [left, left, left, { action: 'stop' }]);
});

test('a short tap still stops, after the move was answered', async () => {
  const { clock, orders, driver } = rig({ answerMs: 300 });
  driver.steer({ ...still, pan: -0.5 });
  driver.release();
  assert.deepEqual(orders, [left]);
  await clock.advance(300);
  assert.deepEqual(orders, [left, { action: 'stop' }]);
});

test('while an order is on the way only the latest wish counts', async () => {
  const { clock, orders, driver } = rig({ answerMs: 200 });
  driver.steer({ ...still, pan: -0.5 });
  driver.steer({ ...still, pan: -0.7 });
  driver.steer({ ...still, tilt: 0.25 });
  await clock.advance(200);
  assert.deepEqual(orders, [left, { action: 'continuous', velocity: { pan: 0, tilt: 0.25 }, timeoutMs: 1_000 }]);
});

test('dragging sends at most one order in 120 ms', async () => {
  const { clock, orders, driver } = rig({ answerMs: 1 });
  for (let step = 1; step <= 60; step += 1) {
    driver.steer({ ...still, pan: step / 100 });
    await clock.advance(10);
  }
  assert.equal(orders.length, 6);
});

test('a refused move is told and does not block the next', async () => {
  const clock = new VirtualClock();
  const problems: unknown[] = [];
  const failure = new Error('at the end');
  const driver = new PtzDriver({ clock, axes: ['pan'], send: () => Promise.reject(failure), onProblem: (cause) => problems.push(cause) });
  driver.steer({ ...still, pan: 1 });
  await clock.advance(500);
  assert.deepEqual(problems, [failure, failure]);
});

test('nothing is sent when nothing was asked for', async () => {
  const { clock, orders, driver } = rig();
  driver.release();
  await clock.advance(1_000);
  assert.deepEqual(orders, []);
});
