import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLoopbackLinks, silentLogger, VirtualClock } from '@cardea/core';
import { bindingReport, queryDeviceTime, type ResultOf } from '@cardea/protocol';
import { DeviceSession, type SessionObserver } from './device-session.ts';

const [binding] = bindingReport.examples;
const [time] = queryDeviceTime.examples;
const ignore = (): void => {};
const observer: SessionObserver = {
  onLive: ignore,
  onOverdue: ignore,
  onQuiet: ignore,
  onHeard: ignore,
  onLost: ignore,
  onClosed: ignore,
};

test('a command to a device that is just being bound reaches it once it knows its home', async () => {
  assert.ok(binding !== undefined && time !== undefined);
  const clock = new VirtualClock();
  const [platformEnd, deviceEnd] = createLoopbackLinks();
  const asked = Promise.withResolvers<void>();
  const bound = Promise.withResolvers<ResultOf<typeof bindingReport>>();
  const session = new DeviceSession({
    deviceId: 'abcdefghjkmnpqrstvwxyz0123',
    scheduleId: 'one',
    scheduleExpiresAt: clock.now() + 3_600_000,
    heldToken: { epoch: 0, expiresAt: clock.now() + 3_600_000 },
    link: platformEnd,
    handler: {
      handle: async () => {
        asked.resolve();
        return await bound.promise;
      },
    },
    observer,
    keepAlive: { intervalSec: 30, missed: 3 },
    clock,
    logger: silentLogger,
  });
  session.start();
  const heard: string[] = [];
  const told = Promise.withResolvers<void>();
  deviceEnd.open({
    onText: (text) => {
      const { id, method, result } = JSON.parse(text);
      heard.push(method ?? `bound: ${result.bound}`);
      if (method === undefined) return;
      deviceEnd.sendText(JSON.stringify({ jsonrpc: '2.0', id, result: time.result }));
      told.resolve();
    },
    onBinary: ignore,
    onClose: ignore,
  });

  deviceEnd.sendText(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'binding.report', params: binding.params }));
  await asked.promise;
  const answer = session.call(queryDeviceTime, time.params);
  bound.resolve(binding.result);
  await Promise.all([told.promise, answer]);
  assert.deepEqual(heard, ['bound: true', 'time.get']);
  session.close(1000, 'done');
});
