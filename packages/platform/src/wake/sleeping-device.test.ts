import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AppError, hasStatus } from '@cardea/core';
import { keepAwake, ptzControl, pushLiveVideo, queryDeviceStatus, setDeviceConfiguration } from '@cardea/protocol';
import { ControlPlane } from '../testing/control-plane.ts';
import type { RawConnection, RawDevice } from '../testing/raw-device.ts';
import { RawRadio } from '../testing/raw-radio.ts';

interface Sleeper {
  readonly device: RawDevice;
  readonly radio: RawRadio;
  /** Connects as a device does that was woken, answering `answers`. */
  readonly wakeUp: (answers?: RawConnection['answers']) => Promise<RawConnection>;
}

/** A bound battery device whose radio waits to be woken. */
async function sleeper(plane: ControlPlane): Promise<Sleeper> {
  const { device, connection } = await plane.boundDevice();
  connection.socket.terminate();
  await plane.until(() => plane.registry.presenceOf(device.id) === 'suspect');
  const { body } = await device.schedule({ lowPower: true, reason: 'reconnect' });
  const awake = await device.open(body.vd.token);
  await awake.keepAlive();
  await awake.event('power.sleeping', { wakeChannel: 'tcp' });
  awake.socket.close(1001);
  await plane.until(() => plane.registry.presenceOf(device.id) === 'asleep');
  const radio = await RawRadio.connect(body.wake);
  await plane.until(() => plane.wake.radioCount === 1);
  const wakeUp: Sleeper['wakeUp'] = async (answers = {}) => {
    const connection = await device.open(body.vd.token);
    Object.assign(connection.answers, { 'power.keepAwake': () => ({ result: { awakeUntil: 1, grantedSec: 30 } }), ...answers });
    await connection.keepAlive();
    return connection;
  };
  return { device, radio, wakeUp };
}

const move = { channel: 1, action: 'stop' } as const;
const patch = { patch: { 'device.name': 'Porch' } };

test('a battery device that is bound is told how its radio stays reachable, others are not', async () => {
  await using plane = await ControlPlane.start();
  const { device } = await plane.boundDevice();
  const { body } = await device.schedule({ lowPower: true });
  assert.equal(body.wake.port > 0, true);
  assert.deepEqual([body.wake.host, body.wake.transport, body.wake.heartbeatSec], ['127.0.0.1', 'tcp', 60]);
  assert.equal((await device.schedule()).body.wake, undefined);
  assert.equal((await device.schedule({ lowPower: true, want: ['vd'] })).body.wake, undefined);
  assert.equal((await plane.device().schedule({ lowPower: true })).body.wake, undefined);
});

test('power.sleeping: a device whose radio goes on beating is asleep, and offline after three missing beats', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio } = await sleeper(plane);
  await plane.clock.advance(150_000);
  radio.beat();
  await plane.until(() => (plane.registry.lastHeardAt(device.id) ?? 0) === plane.clock.now());
  await plane.clock.advance(150_000);
  assert.equal(plane.registry.presenceOf(device.id), 'asleep');
  await plane.clock.advance(31_000);
  assert.equal(plane.registry.presenceOf(device.id), 'offline');
  await radio.closed;
});

test('a platform that restarted knows a sleeping device again by its radio', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio } = await sleeper(plane);
  plane.registry.detach(device.id);
  assert.equal(plane.registry.presenceOf(device.id), 'offline');
  radio.beat();
  await plane.until(() => plane.registry.presenceOf(device.id) === 'asleep');
});

test('a radio without a good pass, or that sends anything but its beat, is cut off', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio } = await sleeper(plane);
  radio.send(Buffer.alloc(8, 1));
  await radio.closed;
  const { body } = await device.schedule({ lowPower: true });
  const stranger = await RawRadio.connect({ ...body.wake, authB64: Buffer.alloc(64, 7).toString('base64') });
  await stranger.closed;
  await plane.db.updateTable('device').set({ binding_epoch: 9 }).where('id', '=', device.id).execute();
  const former = await RawRadio.connect(body.wake);
  await former.closed;
});

test('who only asks how a sleeping device is does not wake it', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio } = await sleeper(plane);
  await assert.rejects(plane.management.send(device.id, queryDeviceStatus, {}), { status: 'DEVICE_ASLEEP' });
  assert.equal(radio.wakes, 0);
});

test('a command wakes the device and is answered by it', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio, wakeUp } = await sleeper(plane);
  const answer = plane.management.send(device.id, ptzControl, move);
  await plane.until(() => radio.wakes === 1);
  await wakeUp({ 'ptz.control': () => ({ result: { state: 'idle' } }) });
  assert.deepEqual(await answer, { state: 'idle' });
  await radio.closed;
});

test('a device that does not wake is called three times within ten seconds, then the caller hears that it sleeps', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio } = await sleeper(plane);
  const failure = plane.management.send(device.id, ptzControl, move).catch((error: unknown) => error);
  const second = plane.management.send(device.id, ptzControl, move).catch((error: unknown) => error);
  for (const [afterMs, wakes] of [
    [0, 1],
    [3_000, 2],
    [3_000, 3],
  ] as const) {
    await plane.clock.advance(afterMs);
    await plane.until(() => radio.wakes === wakes);
  }
  await plane.clock.advance(4_000);
  assert.equal(hasStatus(await failure, 'DEVICE_ASLEEP'), true);
  assert.equal(hasStatus(await second, 'DEVICE_ASLEEP'), true);
  assert.equal(radio.wakes, 3);
});

test('config.set: what could not be set at a sleeping device is kept and set, in order, when it wakes', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio, wakeUp } = await sleeper(plane);
  const failures = [patch, { patch: { 'device.name': 'Gate' } }].map((params) =>
    plane.management.send(device.id, setDeviceConfiguration, params).catch((error: AppError) => error),
  );
  await plane.until(() => radio.wakes === 1);
  await plane.until(async () => (await plane.db.selectFrom('kept_command').selectAll().execute()).length === 2);
  await plane.clock.advance(10_000);
  for (const failure of await Promise.all(failures)) {
    assert.ok(hasStatus(failure, 'DEVICE_ASLEEP'));
    assert.equal(failure.details?.keptUntil, 1_767_225_600_000 + 24 * 3_600_000);
  }
  const connection = await wakeUp({ 'config.set': () => ({ result: { version: 2, applied: ['device.name'] } }) });
  await plane.until(async () => (await plane.db.selectFrom('kept_command').selectAll().execute()).length === 0);
  const names = connection.received.filter(({ method }) => method === 'config.set').map(({ params }) => params.patch);
  assert.deepEqual(names, [{ 'device.name': 'Porch' }, { 'device.name': 'Gate' }]);
});

test('config.set: a device that wakes in time answers the caller itself', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio, wakeUp } = await sleeper(plane);
  const answer = plane.management.send(device.id, setDeviceConfiguration, patch);
  await plane.until(() => radio.wakes === 1);
  await wakeUp({ 'config.set': () => ({ result: { version: 7, applied: ['device.name'] } }) });
  assert.deepEqual(await answer, { version: 7, applied: ['device.name'] });
});

test('a command for a device that comes awake in another home is not carried out there', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio } = await sleeper(plane);
  const failure = plane.management.send(device.id, ptzControl, move).catch((error: unknown) => error);
  await plane.until(() => radio.wakes === 1);
  await plane.db
    .updateTable('device')
    .set((e) => ({ binding_epoch: e('binding_epoch', '+', 1) }))
    .execute();
  const { body } = await device.schedule({ lowPower: true, reason: 'reconnect' });
  const connection = await device.open(body.vd.token);
  Object.assign(connection.answers, { 'ptz.control': () => ({ result: { state: 'idle' } }) });
  await connection.keepAlive();
  assert.equal(hasStatus(await failure, 'NOT_BOUND'), true);
  assert.deepEqual(
    connection.received.filter(({ method }) => method === 'ptz.control'),
    [],
  );
});

test('what was kept for a device goes with its binding', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio } = await sleeper(plane);
  const failure = plane.management.send(device.id, setDeviceConfiguration, patch).catch((error: unknown) => error);
  await plane.until(() => radio.wakes === 1);
  await plane.clock.advance(10_000);
  await failure;
  await plane.management.unbind(await plane.proof(device.id, 'manage'));
  await plane.until(async () => (await plane.db.selectFrom('kept_command').selectAll().execute()).length === 0);
  await radio.closed;
});

test('power.keepAwake: a device that was woken to be watched is kept awake while it is', async () => {
  await using plane = await ControlPlane.start();
  const { device, radio, wakeUp } = await sleeper(plane);
  plane.used.add(device.id);
  const sessionId = device.ulid();
  const target = {
    protocol: 'wss-fmp4',
    url: `${plane.url.replace('http', 'ws')}/vm/v1/${sessionId}`,
    token: 'x',
    expiresAt: 1_767_225_660_000,
  } as const;
  const answer = plane.management.send(device.id, pushLiveVideo, { sessionId, channel: 1, stream: 'main', target, ttlSec: 60 });
  await plane.until(() => radio.wakes === 1);
  const connection = await wakeUp({
    'live.push': () => ({
      result: { sessionId, state: 'connecting', video: { codec: 'h264', width: 1920, height: 1080, fps: 15, kbps: 2_000 } },
    }),
  });
  const asked = (): number => connection.received.filter(({ method }) => method === keepAwake.method).length;
  assert.equal((await answer).state, 'connecting');
  await plane.until(() => asked() === 1);
  const [{ params } = { params: undefined }] = connection.received.filter(({ method }) => method === keepAwake.method);
  assert.deepEqual(params, { durationSec: 30, reason: 'live' });
  await plane.clock.advance(15_000);
  await plane.until(() => asked() === 2);
  plane.used.delete(device.id);
  await plane.clock.advance(15_000);
  await plane.clock.advance(1_000);
  assert.equal(asked(), 2);
});
