import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiProblem } from '@cardea/api';
import { SystemClock, silentLogger } from '@cardea/core';
import { type Camera, createSimulatedCamera, SimulatedBattery } from '@cardea/device';
import { eventually } from '../eventually.ts';
import { watch } from '../live-viewer.ts';
import { type System, startSystem } from './system.ts';

const clock = new SystemClock();
/** The battery in the camera, with a level the test can set. */
let battery = new SimulatedBattery({ clock, levelPct: 80 });
let system: System;

async function openCamera({ stateDirectory }: { readonly stateDirectory: string }): Promise<Camera> {
  const camera = await createSimulatedCamera({ clock, stateDirectory, logger: silentLogger, battery: true });
  return { ...camera, power: () => battery.state(), setPowerUse: (use) => battery.setUse(use) };
}

before(async () => {
  system = await startSystem({ platform: { 'keepAlive.intervalSec': 5 }, openCamera });
  await system.client.command(system.deviceId, 'config.set', { patch: { 'power.sleepAfterSec': 5 } });
});

after(async () => {
  await system[Symbol.asyncDispose]();
});

async function reached(state: 'online' | 'asleep'): Promise<void> {
  await eventually(
    `the device is ${state}`,
    async () => {
      const device = await system.client.call('device.get', { params: { id: system.deviceId } });
      return device.state === state ? true : undefined;
    },
    60_000,
  );
}

async function problem(call: Promise<unknown>): Promise<ApiProblem> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ApiProblem);
  return error;
}

test('power.batteryChanged: the owner sees the charge of the camera', async () => {
  const shown = await eventually(
    'a battery',
    async () => (await system.client.call('device.get', { params: { id: system.deviceId } })).battery,
  );
  assert.deepEqual([shown.present, shown.levelPct, shown.level, shown.source, shown.lowThresholdPct], [true, 80, 'ok', 'battery', 15]);
});

test('power.sleeping: a camera nobody uses falls asleep, and neither asking how it is nor for its picture wakes it', async () => {
  const lookAt = (maxAgeSec: number): Promise<Response> =>
    fetch(`${system.url}/live/${system.deviceId}/1/main/snapshot.jpg?maxAge=${maxAgeSec}`, {
      headers: { authorization: `Bearer ${system.owner.token}` },
    });
  const awake = await lookAt(0);
  await awake.body?.cancel();
  assert.equal(awake.status, 200);
  await reached('asleep');
  const refusal = await problem(system.client.command(system.deviceId, 'device.getStatus', {}));
  assert.deepEqual([refusal.status, refusal.code], [409, 1015]);
  const picture = await lookAt(0);
  await picture.body?.cancel();
  const seen = ({ headers }: Response): unknown => [headers.get('etag'), headers.get('last-modified')];
  assert.deepEqual([picture.status, seen(picture)], [200, seen(awake)], 'the last picture, with its time');
  const { state } = await system.client.call('device.get', { params: { id: system.deviceId } });
  assert.equal(state, 'asleep');
});

test('alarm.notify: a camera that notices something wakes by itself and reports it', async () => {
  await reached('asleep');
  const eventId = await system.device.agent.raiseAlarm({ channel: 1, alarmType: 'pir' });
  assert.notEqual(eventId, undefined);
  await eventually('the alarm', async () => {
    const { items } = await system.client.call('event.list', { query: { deviceId: system.deviceId, kind: 'alarm' } });
    return items.find((item) => item.eventId === eventId);
  });
  assert.equal((await system.client.call('device.get', { params: { id: system.deviceId } })).state, 'online');
});

test('config.set: a sleeping camera is woken for it and answers', async () => {
  await reached('asleep');
  const { applied } = await system.client.command(system.deviceId, 'config.set', { patch: { 'device.name': 'Gate' } });
  assert.deepEqual(applied, ['device.name']);
});

test('live.push: watching wakes the camera, and it stays awake while somebody watches', async () => {
  const { client, deviceId } = system;
  await reached('asleep');
  const startedMs = performance.now();
  const session = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'sub' } });
  const { bytes } = await watch(session.urls.ws, 80);
  assert.ok(bytes.length > 10_000);
  assert.ok(performance.now() - startedMs < 20_000);
  const { bootId } = await client.command(deviceId, 'device.getStatus', {});
  assert.match(bootId, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  await client.call('live.delete', { params: { sessionId: session.sessionId } });
});

test('power.keepAwake: an almost empty battery grants nothing and pushes no live video', async () => {
  const { client, deviceId } = system;
  await client.command(deviceId, 'power.keepAwake', { durationSec: 30, reason: 'config' });
  battery = new SimulatedBattery({ clock, levelPct: 3 });
  assert.equal((await problem(client.command(deviceId, 'power.keepAwake', { durationSec: 60, reason: 'config' }))).code, 1011);
  const refusal = await problem(client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'main' } }));
  assert.equal(refusal.code, 1011);
  await eventually('the critical level is shown', async () => {
    const shown = await client.call('device.get', { params: { id: deviceId } });
    return shown.battery?.level === 'critical' ? true : undefined;
  });
});
