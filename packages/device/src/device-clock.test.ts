import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { DeviceClock } from './device-clock.ts';

test('setting the time moves the clock of the device and not that of the machine', async () => {
  const machine = new VirtualClock(1_000_000);
  const clock = new DeviceClock(machine);
  assert.equal(clock.synchronized, false);
  assert.equal(clock.set(1_005_000, 'manual'), 5_000);
  assert.equal(clock.now(), 1_005_000);
  assert.equal(machine.now(), 1_000_000);
  assert.equal(clock.source, 'manual');
  await machine.advance(250);
  assert.equal(clock.now(), 1_005_250);
  assert.equal(clock.monotonicMs(), 250);
});

test('a server clock corrects ours only when it is more than two seconds off, counting half the round trip', () => {
  const clock = new DeviceClock(new VirtualClock(1_000_000));
  assert.equal(clock.compare(1_001_500, 1_000), 0);
  assert.equal(clock.synchronized, true);
  assert.equal(clock.now(), 1_000_000);
  assert.equal(clock.compare(1_001_600, 1_000), 2_100);
  assert.equal(clock.now(), 1_002_100);
});

test('a point of the monotonic clock has the wall time it has by the present clock', async () => {
  const machine = new VirtualClock(1_000_000);
  const clock = new DeviceClock(machine);
  await machine.advance(10_000);
  assert.equal(clock.wallAt(4_000), 1_004_000);
  machine.jump(60_000);
  assert.equal(clock.wallAt(4_000), 1_064_000);
});

test('a clock set on purpose is left alone until the next schedule', () => {
  const clock = new DeviceClock(new VirtualClock(1_000_000));
  clock.set(9_000_000, 'manual');
  assert.equal(clock.follow(1_000_000, 0), 0);
  assert.equal(clock.source, 'manual');
  assert.equal(clock.compare(1_000_000, 0), -8_000_000);
  assert.equal(clock.follow(1_005_000, 0), 5_000);
});
