import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryDeviceTime } from '@cardea/protocol';
import { ControlPlane } from '../testing/control-plane.ts';
import { Refused } from '../testing/raw-device.ts';

const time = {
  utcAt: 1,
  deviceRecvAt: 1,
  deviceSentAt: 1,
  monotonicMs: 1,
  timezone: 'UTC',
  source: 'ntp',
  synchronized: true,
};

test('a device that went to another server is not told to be offline, and its old connection closes after five seconds', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const changes: unknown[] = [];
  using _watch = plane.registry.watch((change) => changes.push(change));
  plane.registry.handOver(device.id);
  assert.deepEqual([plane.registry.presenceOf(device.id), plane.registry.connectionCount, changes], ['offline', 1, []]);
  await assert.rejects(plane.registry.call(device.id, queryDeviceTime, { serverSentAt: 1 }), { status: 'DEVICE_OFFLINE' });
  await plane.clock.advance(5_000);
  assert.equal(await connection.closed, 4009);
  assert.deepEqual(changes, []);
});

test('a request that was under way when its device went to another server is still answered', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const { promise: later, resolve } = Promise.withResolvers<{ readonly result: typeof time }>();
  connection.answers['time.get'] = () => later;
  const call = plane.registry.call(device.id, queryDeviceTime, { serverSentAt: 1 }, { timeoutMs: 12_000 });
  await plane.until(() => connection.received.some(({ method }) => method === 'time.get'));
  plane.registry.handOver(device.id);
  await plane.clock.advance(6_000);
  resolve({ result: time });
  assert.deepEqual(await call, time);
  assert.equal(await connection.closed, 4009);
});

test('an access server that drains keeps the devices it has and sends others away', async () => {
  await using plane = await ControlPlane.start();
  const { device } = await plane.boundDevice();
  plane.registry.stopAdmitting();
  await assert.rejects(plane.device().connect(), (error) => error instanceof Refused && error.status === 503 && error.retryAfter === '2');
  assert.equal(plane.registry.presenceOf(device.id), 'online');
});
