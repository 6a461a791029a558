import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, SystemClock, type Timer } from '@cardea/core';
import { eventually } from '../eventually.ts';
import { startSystem } from './system.ts';

/** The clock of a machine that is off. */
class WrongClock implements Clock {
  private readonly right = new SystemClock();
  private readonly offsetMs: number;

  /** @param startAt what it says now */
  constructor(startAt: number) {
    this.offsetMs = startAt - this.right.now();
  }

  now(): number {
    return this.right.now() + this.offsetMs;
  }

  monotonicMs(): number {
    return this.right.monotonicMs();
  }

  setTimer(delayMs: number, action: () => void): Timer {
    return this.right.setTimer(delayMs, action);
  }
}

test('time.get: a camera that believes it is 1970 is put right by its first schedule, and records today', async () => {
  await assertPutRight(new WrongClock(0));
});

test('time.get: so is one that believes it is 2099', async () => {
  await assertPutRight(new WrongClock(Date.UTC(2099, 0)));
});

async function assertPutRight(deviceClock: Clock): Promise<void> {
  // A comparison that fails on a busy machine is made again with the next keep-alive.
  await using system = await startSystem({ deviceClock, platform: { 'keepAlive.intervalSec': 5 } });
  const { client, deviceId } = system;
  const sentAt = Date.now();
  const told = await client.command(deviceId, 'time.get', { serverSentAt: sentAt });
  assert.ok(Math.abs(told.utcAt - sentAt) < 1_000, `it is off by ${told.utcAt - sentAt} ms`);
  assert.deepEqual([told.source, told.synchronized], ['platform', true]);
  const { clock } = await eventually('the clock is compared', async () => {
    const device = await client.call('device.get', { params: { id: deviceId } });
    return device.clock === undefined ? undefined : device;
  });
  assert.ok(Math.abs(clock?.offsetMs ?? Number.NaN) < 1_000);
  const segment = await eventually('a segment is stored', async () => {
    const { items } = await client.call('segment.list', { params: { id: deviceId } });
    return items[0];
  });
  assert.ok(Math.abs(segment.startAt - sentAt) < 30_000);
}

test('time.set: a clock that is a second and a half slow is set when the camera connects', async () => {
  await using system = await startSystem({ deviceClock: new WrongClock(Date.now() - 1_500) });
  const { client, deviceId } = system;
  const { clock } = await eventually('the clock is set', async () => {
    const device = await client.call('device.get', { params: { id: deviceId } });
    return device.clock !== undefined && Math.abs(device.clock.offsetMs) < 500 ? device : undefined;
  });
  assert.equal(clock?.source, 'platform');
});

test('time.set: the owner moves clock and time zone of the camera, and hears by how much', async () => {
  await using system = await startSystem();
  const { client, deviceId } = system;
  const { stepMs, appliedAt } = await client.command(deviceId, 'time.set', {
    utcAt: Date.now() + 5_000,
    timezone: 'Europe/Berlin',
    source: 'manual',
  });
  assert.ok(Math.abs(stepMs - 5_000) < 500);
  assert.ok(Math.abs(appliedAt - Date.now() - 5_000) < 500);
  const { source, timezone } = await client.command(deviceId, 'time.get', { serverSentAt: Date.now() });
  assert.deepEqual([source, timezone], ['manual', 'Europe/Berlin']);
});
