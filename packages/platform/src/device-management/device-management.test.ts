import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppError } from '@cardea/core';
import { ptzControl } from '@cardea/protocol';
import { decodeJwt } from 'jose';
import { ControlPlane } from '../testing/control-plane.ts';

const alarm = { channel: 1, alarmType: 'motion', state: 'start', level: 2, text: 'Somebody at the door' } as const;

test('a device binds with a code, stays on its connection, and gets a token of the new binding', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const connection = await device.connect();
  const wrong = await connection.event('binding.report', { state: 'requested', bindToken: 'WRONG' });
  assert.equal(wrong.error?.code, 1001);
  const { result } = await connection.event('binding.report', { state: 'requested', bindToken: 'GOOD-CODE' });
  assert.deepEqual([result?.bound, result?.boundAt, result?.unbindAction], [true, 1_767_225_600_000, 'wipeConfig']);
  const { result: kept } = await connection.keepAlive();
  const token = kept?.token as { value: string; expiresAt: number };
  assert.deepEqual([decodeJwt(token.value).aud, decodeJwt(token.value).epoch, token.expiresAt], ['vd', 1, 1_767_226_200_000]);
  assert.equal((await connection.keepAlive()).result?.token, undefined);
  assert.equal((await connection.event('alarm.notify', alarm)).error, undefined);
  const again = await device.open(token.value);
  assert.equal((await again.keepAlive()).error, undefined);
});

test('a device that holds a token of the old binding has to schedule anew', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  const connection = await device.open(body.vd.token);
  await connection.keepAlive();
  await connection.event('binding.report', { state: 'requested', bindToken: 'GOOD-CODE' });
  await assert.rejects(device.open(body.vd.token), { status: 401 });
  assert.equal((await device.schedule()).body.bound, true);
});

test('an unbound device may bind and be asked what it is, and nothing else', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const connection = await device.connect();
  assert.equal((await connection.event('alarm.notify', alarm)).error?.code, 1017);
  assert.equal((await connection.event('power.sleeping', { wakeChannel: 'none' })).error?.code, 1017);
  const { result } = await connection.request('server.getInfo', {});
  assert.deepEqual(Object.keys(result?.services ?? {}), ['vd']);
  await plane.until(async () => (await plane.row(device.id)).capabilities !== null);
  await assert.rejects(plane.authorizer.device(plane.principal(), 'view.live', device.id), { status: 'NOT_FOUND' });
  await assert.rejects(plane.management.send(device.id, ptzControl, { channel: 1, action: 'stop' }), { status: 'NOT_BOUND' });
});

test('a report of binding that is sent again has the same answer and no second effect', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const connection = await device.connect();
  const report = { eventId: device.ulid(), occurredAt: 1, state: 'requested', bindToken: 'GOOD-CODE' };
  const first = await connection.request('binding.report', report);
  const repeat = await connection.request('binding.report', report);
  assert.deepEqual(repeat.result, first.result);
  assert.equal((await plane.row(device.id)).binding_epoch, 1);
  const [event] = await plane.events(device.id);
  assert.deepEqual([event?.type, event?.text], ['binding', 'bound']);
  assert.doesNotMatch(event?.params ?? '', /GOOD-CODE/);
});

test('a device that was reset leaves its home and hears so before its connection ends', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  plane.published.length = 0;
  const { result } = await connection.event('binding.report', { state: 'factoryReset', via: 'button' });
  assert.deepEqual(result, { bound: false });
  assert.equal(await connection.closed, 4002);
  const row = await plane.row(device.id);
  assert.deepEqual([row.home_id, row.binding_epoch, row.binding_id], [null, 2, null]);
  assert.deepEqual(
    plane.published.filter(({ type }) => type === 'revoked'),
    [{ type: 'revoked', scope: 'device', id: device.id }],
  );
  assert.deepEqual((await plane.events(device.id)).at(-1)?.text, 'unbound');
});

test('an alarm is durable before it is acknowledged, and told on the bus', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  plane.published.length = 0;
  const eventId = device.ulid();
  const { result } = await connection.request('alarm.notify', { ...alarm, eventId, occurredAt: 1_767_225_590_000, correlationId: eventId });
  assert.deepEqual(result, { received: true });
  const event = (await plane.events(device.id)).at(-1);
  assert.deepEqual(
    [event?.kind, event?.type, event?.channel, event?.state, event?.level, event?.text, event?.correlation_id, event?.occurred_at],
    ['alarm', 'motion', 1, 'start', 2, 'Somebody at the door', eventId, 1_767_225_590_000],
  );
  assert.equal(event?.received_at, 1_767_225_600_000);
  assert.deepEqual(plane.published, [{ type: 'alarm', homeId: 'home-1', deviceId: device.id, id: event?.id }]);
});

test('an event that comes again, even with other content, is acknowledged and kept once', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const eventId = device.ulid();
  for (const text of ['first', 'first', 'other']) {
    const { result } = await connection.request('alarm.notify', { ...alarm, eventId, occurredAt: 1, text });
    assert.deepEqual(result, { received: true });
  }
  const kept = (await plane.events(device.id)).filter(({ event_id }) => event_id === eventId);
  assert.deepEqual(
    kept.map(({ text }) => text),
    ['first'],
  );
});

test('an event without an id of the request is kept too', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const battery = { present: true, levelPct: 40, level: 'ok', source: 'battery' };
  connection.notify('power.batteryChanged', { eventId: device.ulid(), occurredAt: 1, battery, cause: 'level' });
  await plane.until(async () => (await plane.events(device.id)).at(-1)?.type === 'battery');
  const shown = async () => (await plane.management.describe(await plane.proof(device.id, 'view.live'))).battery;
  await plane.until(async () => (await shown()) !== undefined);
  assert.deepEqual(await shown(), battery);
});

test('a device that sends too many events is told when to go on, and loses none', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const send = () => connection.event('alarm.notify', { ...alarm, state: 'pulse' });
  let refused = await send();
  for (let i = 0; i < 130 && refused.error === undefined; i += 1) refused = await send();
  assert.equal(refused.error?.code, 1010);
  assert.ok(Number(refused.error?.data?.retryAfterMs) <= 500);
  const kept = (await plane.events(device.id)).filter(({ kind }) => kind === 'alarm');
  // The binding report was an event too.
  assert.equal(kept.length, 119);
  await plane.clock.advance(500);
  assert.equal((await send()).error, undefined);
});

test('a keep-alive brings what the device says of itself into the picture of it', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const info = {
    firmware: '2.0.0',
    model: 'Raw 1',
    channels: 1,
    capHash: 'cap-1',
    configVersion: 5,
    bootReason: 'upgrade',
    bootId: '01KDVAF400H3S7TVJ0D4G8QX5P',
  };
  plane.published.length = 0;
  await connection.keepAlive({ info });
  assert.equal(plane.published.length, 1);
  await connection.keepAlive({ info });
  assert.equal(plane.published.length, 1);
  const row = await plane.row(device.id);
  assert.deepEqual([row.firmware, row.config_version, row.boot_id], ['2.0.0', 5, '01KDVAF400H3S7TVJ0D4G8QX5P']);
  assert.equal(connection.received.filter(({ method }) => method === 'capability.get').length, 1);
  await connection.keepAlive({ info: { ...info, capHash: 'cap-2' } });
  await plane.until(() => connection.received.filter(({ method }) => method === 'capability.get').length === 2);
});

test('the first keep-alive of a connection without a description of the device is refused', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  const connection = await device.open(body.vd.token);
  assert.equal((await connection.request('device.keepAlive', { seq: 0, uptimeSec: 1 })).error?.code, -32602);
  assert.equal(plane.registry.presenceOf(device.id), 'offline');
});

test('a device always holds a token with which it can come back', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  let held = '';
  for (let passed = 0; passed < 1_800_000; passed += 30_000) {
    await plane.clock.advance(30_000);
    const token = (await connection.keepAlive()).result?.token as { value: string } | undefined;
    held = token?.value ?? held;
    if (held !== '') assert.ok(Number(decodeJwt(held).exp) * 1000 > plane.clock.now() + 150_000);
  }
  const back = await device.open(held);
  assert.equal((await back.keepAlive()).error, undefined);
});

test('a bound device asks for addresses and a fresh token of the video service', async () => {
  await using plane = await ControlPlane.start();
  const { connection } = await plane.boundDevice();
  const { result } = await connection.request('server.getInfo', { services: ['vr'] });
  const { vr } = (result?.services ?? {}) as { vr?: { baseUrl: string; token: string; tokenExpiresAt: number } };
  assert.deepEqual([vr?.baseUrl, vr?.tokenExpiresAt], [`${plane.url}/vr/v1`, 1_767_229_200_000]);
  assert.equal(decodeJwt(vr?.token ?? '').aud, 'vr');
  assert.deepEqual(result?.limits, { maxMessageBytes: 65_536, maxSegmentBytes: 52_428_800, eventsPerMin: 120 });
});

test('a command of a user reaches the device and brings its answer back', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  connection.answers['ptz.control'] = () => ({ result: { state: 'moving' } });
  const proof = await plane.proof(device.id, 'control');
  const result = await plane.management.call(proof, 'ptz.control', { channel: 1, action: 'continuous', velocity: { pan: 0.5 } });
  assert.deepEqual(result, { state: 'moving' });
  assert.deepEqual(connection.received.at(-1), {
    method: 'ptz.control',
    params: { channel: 1, action: 'continuous', velocity: { pan: 0.5 } },
  });
});

test('what a device refuses comes back with its own code', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  connection.answers['ptz.control'] = () => ({ error: { code: 1205, message: 'calibrating' } as never });
  const proof = await plane.proof(device.id, 'control');
  await assert.rejects(plane.management.call(proof, 'ptz.control', { channel: 1, action: 'stop' }), (error: AppError) => {
    assert.deepEqual([error.status, error.remote?.code], ['CALIBRATING', 1205]);
    return true;
  });
  connection.answers['ptz.control'] = () => ({ result: { state: 'dancing' } });
  await assert.rejects(plane.management.call(proof, 'ptz.control', { channel: 1, action: 'stop' }), { status: 'UNSPECIFIED' });
  delete connection.answers['ptz.control'];
  const silent = assert.rejects(plane.management.call(proof, 'ptz.control', { channel: 1, action: 'stop' }), { status: 'TIMEOUT' });
  await plane.until(() => connection.received.filter(({ method }) => method === 'ptz.control').length === 3);
  await plane.clock.advance(5_000);
  await silent;
});

test('commands the device cannot take are refused before they are sent', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const proof = await plane.proof(device.id, 'control');
  const before = connection.received.length;
  for (const [method, params, status] of [
    ['power.keepAwake', { durationSec: 30, reason: 'live' }, 'NOT_SUPPORTED'],
    ['snapshot.capture', { channel: 1, inline: true }, 'NOT_SUPPORTED'],
    ['ptz.control', { channel: 2, action: 'stop' }, 'CHANNEL_NOT_FOUND'],
    ['ptz.control', { channel: 1, action: 'dance' }, 'INVALID_PARAMS'],
    ['alarm.notify', {}, 'METHOD_NOT_FOUND'],
    ['x-unknown', {}, 'METHOD_NOT_FOUND'],
    ['config.set', { patch: { 'osd.text': 'x'.repeat(70_000) } }, 'TOO_LARGE'],
  ] as const) {
    await assert.rejects(plane.management.call(proof, method, params), { status }, method);
  }
  assert.equal(connection.received.length, before);
});

test('a command that destroys something asks for a recent login', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  connection.answers['device.reboot'] = () => ({ result: { accepted: true, rebootAt: 1_767_225_601_000, expectedDownTimeSec: 20 } });
  const stale = await plane.authorizer.device(plane.principal(plane.clock.now() - 300_001), 'configure', device.id);
  await assert.rejects(plane.management.call(stale, 'device.reboot', {}), (error: AppError) => {
    assert.deepEqual([error.status, error.details?.stepUp], ['FORBIDDEN', true]);
    return true;
  });
  await plane.management.call(await plane.proof(device.id, 'configure'), 'device.reboot', {});
  assert.match(String(connection.received.at(-1)?.params.taskId), /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
});

test('addresses in a command are made by the platform, and those of others are refused', async () => {
  const target = { protocol: 'wss-fmp4', url: '', expiresAt: 1_767_225_660_000 };
  let url = '';
  await using plane = await ControlPlane.start({
    management: {
      fillers: {
        'live.push': async ({ missing }) => (missing.includes('target') ? { target: { ...target, url }, ttlSec: 60 } : { ttlSec: 60 }),
      },
    },
  });
  const { device, connection } = await plane.boundDevice();
  url = `${plane.url.replace('http', 'ws')}/vm/v1/sessions/s`;
  const video = { codec: 'h264', width: 1920, height: 1080, fps: 25, kbps: 2000 };
  connection.answers['live.push'] = ({ sessionId }) => ({ result: { sessionId, state: 'connecting', video } });
  const proof = await plane.proof(device.id, 'manage');
  await plane.management.call(proof, 'live.push', { channel: 1, stream: 'main' });
  assert.deepEqual(connection.received.at(-1)?.params.target, { ...target, url });
  await plane.management.call(proof, 'live.push', { channel: 1, stream: 'main', target: { ...target, url } });
  for (const foreign of ['wss://evil.example/vm', 'rtmp://127.0.0.1:1935/x', `${plane.url}@evil.example/`, '//evil.example:80/x']) {
    const params = { channel: 1, stream: 'main', target: { ...target, url: foreign } };
    await assert.rejects(plane.management.call(proof, 'live.push', params), { status: 'FORBIDDEN', code: 1002 }, foreign);
  }
  const image = { version: '2', url: 'https://evil.example/fw', sizeBytes: 1, sha256: '0'.repeat(64) };
  await assert.rejects(plane.management.call(proof, 'firmware.upgrade', image), { status: 'URL_INVALID', code: 1408 });
});

test('the picture of a device has what a user sees of it', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const proof = await plane.proof(device.id, 'configure');
  await plane.management.rename(proof, 'Front door');
  const shown = await plane.management.describe(proof);
  const { capabilities, ...rest } = shown;
  assert.equal(capabilities?.hash, 'cap-1');
  assert.deepEqual(rest, {
    id: device.id,
    homeId: 'home-1',
    name: 'Front door',
    vendor: 'Example',
    model: 'Raw 1',
    serial: 'R-1',
    firmware: '1.0.0',
    state: 'online',
    lastSeenAt: 1_767_225_600_000,
    boundAt: 1_767_225_600_000,
    channels: [{ channel: 1, name: 'Lens', streams: ['main'] }],
  });
  await plane.management.assertSource({ deviceId: device.id, channel: 1, stream: 'main' });
  await assert.rejects(plane.management.assertSource({ deviceId: device.id, channel: 2, stream: 'main' }), { status: 'CHANNEL_NOT_FOUND' });
  await assert.rejects(plane.management.assertSource({ deviceId: device.id, channel: 1, stream: 'third' }), { status: 'STREAM_NOT_FOUND' });
  connection.socket.terminate();
  await plane.until(() => plane.management.presenceOf(device.id) === 'suspect');
  assert.equal((await plane.management.describe(proof)).state, 'suspect');
});

test('a disabled device is closed with 4003 and refused everywhere until it is enabled', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const { body } = await device.schedule();
  const proof = await plane.proof(device.id, 'manage');
  plane.published.length = 0;
  await plane.management.setDisabled(proof, true);
  assert.equal(await connection.closed, 4003);
  const { disabled, state } = await plane.management.describe(proof);
  assert.deepEqual([disabled, state], [true, 'offline']);
  const news = plane.published.filter(({ type }) => type === 'revoked' || type === 'device');
  assert.ok(news.some(({ type }) => type === 'revoked'));
  await assert.rejects(device.open(body.vd.token), { status: 403 });
  const refused = await device.schedule();
  assert.deepEqual([refused.status, refused.body.error.code], [403, 1701]);
  await plane.management.setDisabled(proof, false);
  assert.equal((await plane.management.describe(proof)).disabled, undefined);
  const again = await device.connect();
  assert.equal((await again.event('alarm.notify', alarm)).error, undefined);
});

test('who binds a device anew that was disabled before can use it', async () => {
  await using plane = await ControlPlane.start();
  const { device } = await plane.boundDevice();
  const proof = await plane.proof(device.id, 'manage');
  await plane.management.setDisabled(proof, true);
  await plane.management.unbind(proof);
  const connection = await device.connect();
  const { result } = await connection.event('binding.report', { state: 'requested', bindToken: 'GOOD-CODE' });
  assert.equal(result?.bound, true);
});

test('unbinding ends rights at once, tells the device to erase its configuration, and closes with 4014', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  connection.answers['config.reset'] = () => ({ result: { version: 9, rebootRequired: false } });
  const proof = await plane.proof(device.id, 'manage');
  plane.published.length = 0;
  await plane.management.unbind(proof);
  const row = await plane.row(device.id);
  assert.deepEqual([row.home_id, row.binding_epoch], [null, 2]);
  assert.deepEqual(
    plane.published.map(({ type }) => type).filter((type) => type !== 'alarm'),
    ['revoked', 'device'],
  );
  assert.equal(await connection.closed, 4014);
  assert.deepEqual(connection.received.at(-1), { method: 'config.reset', params: { scope: 'soft' } });
  assert.equal(plane.management.presenceOf(device.id), 'offline');
  await assert.rejects(plane.management.describe(proof), { status: 'NOT_FOUND' });
  await assert.rejects(plane.management.unbind(proof), { status: 'NOT_FOUND' });
  assert.equal((await device.schedule()).body.bound, false);
});

test('a device that does not answer is cut off five seconds after it was unbound', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  await plane.management.unbind(await plane.proof(device.id, 'manage'));
  await plane.until(() => connection.received.at(-1)?.method === 'config.reset');
  await plane.clock.advance(4_999);
  assert.equal(connection.socket.readyState, connection.socket.OPEN);
  assert.equal((await connection.event('alarm.notify', alarm)).error?.code, 1017);
  await plane.clock.advance(1);
  assert.equal(await connection.closed, 4014);
});

test('a home reads in its events that a device went and came back, but not that it blinked', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  connection.socket.terminate();
  await plane.until(() => plane.management.presenceOf(device.id) === 'suspect');
  const blink = await device.connect();
  blink.socket.terminate();
  await plane.until(() => plane.management.presenceOf(device.id) === 'suspect');
  await plane.clock.advance(90_000);
  await plane.until(async () => (await plane.events(device.id)).at(-1)?.type === 'offline');
  await device.connect();
  await plane.until(async () => (await plane.events(device.id)).at(-1)?.type === 'online');
  const types = (await plane.events(device.id)).map(({ type }) => type);
  assert.deepEqual(types, ['binding', 'offline', 'online']);
});
