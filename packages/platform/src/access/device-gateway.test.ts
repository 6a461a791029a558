import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { queryDeviceTime, resetDeviceConfiguration } from '@cardea/protocol';
import { SignJWT } from 'jose';
import { ControlPlane } from '../testing/control-plane.ts';
import type { RawConnection } from '../testing/raw-device.ts';

/** Presence changes of one device, in order. */
function presencesOf(plane: ControlPlane): string[] {
  const seen: string[] = [];
  plane.registry.watch(({ presence }) => void seen.push(presence));
  return seen;
}

/** Keeps the device talking while time passes. */
async function advanceTalking(plane: ControlPlane, connection: RawConnection, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 30) {
    await plane.clock.advance(30_000);
    await connection.keepAlive();
  }
}

test('a device is online from the answer to its first keep-alive', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  const connection = await device.open(body.vd.token);
  assert.equal(connection.socket.protocol, 'hss.vd.v1.json');
  assert.equal(plane.registry.presenceOf(device.id), 'offline');
  const { result } = await connection.keepAlive();
  assert.deepEqual(result, { serverTime: 1_767_225_600_000, keepAliveSec: 30 });
  assert.equal(plane.registry.presenceOf(device.id), 'online');
});

test('a connection without a right to it is refused by its kind of wrong', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const other = plane.device();
  const { body } = await device.schedule();
  const { body: foreign } = await other.schedule();
  const vr = await plane.tokens.mint('vr', { deviceId: device.id, epoch: 0 }, 60_000);
  const { privateKey } = generateKeyPairSync('ed25519');
  const forged = await new SignJWT({ deviceId: device.id, epoch: 0, scheduleId: body.scheduleId })
    .setProtectedHeader({ alg: 'EdDSA' })
    .setIssuer('cardea')
    .setAudience('vd')
    .setExpirationTime(1_767_226_200)
    .sign(privateKey);
  for (const [token, options, status] of [
    ['', {}, 401],
    ['rubbish', {}, 401],
    [vr.token, {}, 401],
    [forged, {}, 401],
    [await device.proof(), {}, 401],
    [foreign.vd.token, {}, 401],
    [body.vd.token, { deviceId: other.id }, 401],
    [body.vd.token, { subprotocol: '' }, 426],
    [body.vd.token, { subprotocol: 'hss.vd.v9.json' }, 426],
  ] as const) {
    await assert.rejects(device.open(token, options), { status }, `${token.slice(0, 12)} ${JSON.stringify(options)}`);
  }
  await plane.clock.advance(600_001);
  await assert.rejects(device.open(body.vd.token), { status: 401 });
  const { body: fresh } = await device.schedule();
  await plane.db.updateTable('device').set({ disabled: 1 }).where('id', '=', device.id).execute();
  await assert.rejects(device.open(fresh.vd.token), { status: 403 });
});

test('a token may open several connections while it lives', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  const first = await device.open(body.vd.token);
  first.socket.close(1000);
  await first.closed;
  await device.open(body.vd.token);
});

test('a token from before a change of the binding opens nothing', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  await plane.db.updateTable('device').set({ binding_epoch: 1 }).where('id', '=', device.id).execute();
  await assert.rejects(device.open(body.vd.token), { status: 401 });
});

test('a connection on which no keep-alive comes is closed with 4008 after ten seconds', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  const connection = await device.open(body.vd.token);
  await plane.clock.advance(9_999);
  assert.equal(connection.socket.readyState, connection.socket.OPEN);
  await plane.clock.advance(1);
  assert.equal(await connection.closed, 4008);
});

test('the newest connection wins with its first keep-alive, and the older one is closed with 4009', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection: older } = await plane.boundDevice();
  const seen = presencesOf(plane);
  const { body } = await device.schedule();
  const newer = await device.open(body.vd.token);
  older.answers['config.reset'] = () => ({ result: { version: 1, rebootRequired: false } });
  await plane.registry.call(device.id, resetDeviceConfiguration, { scope: 'soft' });
  assert.equal(older.received.at(-1)?.method, 'config.reset');
  await newer.keepAlive();
  assert.equal(await older.closed, 4009);
  newer.answers['config.reset'] = () => ({ result: { version: 2, rebootRequired: false } });
  assert.deepEqual(await plane.registry.call(device.id, resetDeviceConfiguration, { scope: 'soft' }), {
    version: 2,
    rebootRequired: false,
  });
  assert.deepEqual(seen, []);
});

test('an older connection that is late with its keep-alive does not push the newer one out', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  const older = await device.open(body.vd.token);
  const newer = await device.open(body.vd.token);
  await newer.keepAlive();
  assert.equal(await older.closed, 4009);
  assert.equal((await newer.keepAlive()).error, undefined);
});

test('a newer connection that stays silent still replaces the older one after five seconds', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection: older } = await plane.boundDevice();
  const { body } = await device.schedule();
  const newer = await device.open(body.vd.token);
  await plane.clock.advance(4_999);
  assert.equal(older.socket.readyState, older.socket.OPEN);
  await plane.clock.advance(1);
  assert.equal(await older.closed, 4009);
  assert.equal(plane.registry.presenceOf(device.id), 'suspect');
  await newer.keepAlive();
  assert.equal(plane.registry.presenceOf(device.id), 'online');
});

test('a command in flight is still answered on the connection that is being replaced', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection: older } = await plane.boundDevice();
  const { promise, resolve } = Promise.withResolvers<{ result: { version: number; rebootRequired: boolean } }>();
  older.answers['config.reset'] = () => promise;
  const call = plane.registry.call(device.id, resetDeviceConfiguration, { scope: 'soft' });
  await plane.until(() => older.received.at(-1)?.method === 'config.reset');
  const newer = await device.connect();
  assert.equal(older.socket.readyState, older.socket.OPEN);
  resolve({ result: { version: 7, rebootRequired: false } });
  assert.deepEqual(await call, { version: 7, rebootRequired: false });
  assert.equal(await older.closed, 4009);
  assert.equal(newer.socket.readyState, newer.socket.OPEN);
});

test('a replaced connection does not wait longer than fifteen seconds for answers', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection: older } = await plane.boundDevice();
  const call = plane.registry.call(device.id, resetDeviceConfiguration, { scope: 'soft' }, { timeoutMs: 60_000 });
  const refused = assert.rejects(call, { status: 'GOING_AWAY' });
  await plane.until(() => older.received.at(-1)?.method === 'config.reset');
  await device.connect();
  await plane.clock.advance(15_000);
  assert.equal(await older.closed, 4009);
  await refused;
});

test('the sixth displacement within ten minutes is refused with 429 and five minutes to wait', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  for (let i = 0; i < 6; i += 1) await (await device.open(body.vd.token)).keepAlive();
  await assert.rejects(device.open(body.vd.token), { status: 429, retryAfter: '300' });
});

test('coming back after a clean close is no displacement', async () => {
  await using plane = await ControlPlane.start();
  const device = plane.device();
  const { body } = await device.schedule();
  for (let i = 0; i < 8; i += 1) {
    const connection = await device.open(body.vd.token);
    await connection.keepAlive();
    connection.socket.close(1000);
    await connection.closed;
    await plane.until(() => !plane.registry.hasConnection(device.id));
  }
});

test('a lost device is suspect for ninety seconds and then offline', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const seen = presencesOf(plane);
  connection.socket.terminate();
  await plane.until(() => plane.registry.presenceOf(device.id) === 'suspect');
  await plane.clock.advance(89_999);
  assert.deepEqual(seen, ['suspect']);
  await plane.clock.advance(1);
  assert.deepEqual(seen, ['suspect', 'offline']);
});

test('a silent device turns suspect, is heard again, and is offline after three missing keep-alives', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const seen = presencesOf(plane);
  await plane.clock.advance(45_000);
  assert.deepEqual(seen, ['suspect']);
  connection.answers['config.reset'] = () => ({ result: { version: 1, rebootRequired: false } });
  await plane.registry.call(device.id, resetDeviceConfiguration, { scope: 'soft' });
  assert.deepEqual(seen, ['suspect', 'online']);
  await plane.clock.advance(89_999);
  assert.equal(plane.registry.presenceOf(device.id), 'suspect');
  await plane.clock.advance(1);
  assert.equal(await connection.closed, 4008);
  assert.deepEqual(seen, ['suspect', 'online', 'suspect', 'offline']);
});

test('a device that keeps talking stays online until its schedule ends', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const seen = presencesOf(plane);
  await advanceTalking(plane, connection, 600);
  assert.deepEqual(seen, []);
  assert.equal(plane.registry.presenceOf(device.id), 'online');
});

test('a call to a device lost a moment ago waits for its return', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  connection.socket.terminate();
  await plane.until(() => plane.registry.presenceOf(device.id) === 'suspect');
  const call = plane.registry.call(device.id, queryDeviceTime, { serverSentAt: 1 });
  await plane.clock.advance(9_000);
  const { body } = await device.schedule();
  const back = await device.open(body.vd.token);
  const at = 1_767_225_609_000;
  const time = { utcAt: at, deviceRecvAt: at, deviceSentAt: at, monotonicMs: 5, timezone: 'UTC', source: 'ntp', synchronized: true };
  back.answers['time.get'] = () => ({ result: time });
  await back.keepAlive();
  assert.deepEqual(await call, time);
});

test('a call to a device that does not return ends as offline after ten seconds', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  connection.socket.terminate();
  await plane.until(() => plane.registry.presenceOf(device.id) === 'suspect');
  const call = assert.rejects(plane.registry.call(device.id, queryDeviceTime, { serverSentAt: 1 }), { status: 'DEVICE_OFFLINE' });
  await plane.clock.advance(10_000);
  await call;
  await assert.rejects(plane.registry.call('0'.repeat(26), queryDeviceTime, { serverSentAt: 1 }), { status: 'DEVICE_OFFLINE' });
});

test('a call whose connection breaks ends as a timeout, because nobody knows whether it was done', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  const call = assert.rejects(plane.registry.call(device.id, resetDeviceConfiguration, { scope: 'soft' }), { status: 'TIMEOUT' });
  await plane.until(() => connection.received.at(-1)?.method === 'config.reset');
  connection.socket.terminate();
  await call;
});

test('a device that announced its sleep is asleep and not lost', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  await connection.event('power.sleeping', { wakeChannel: 'none' });
  connection.socket.close(1001);
  await plane.until(() => plane.registry.presenceOf(device.id) === 'asleep');
  await plane.clock.advance(90_000);
  await assert.rejects(plane.registry.call(device.id, queryDeviceTime, { serverSentAt: 1 }), { status: 'DEVICE_ASLEEP' });
  await device.connect();
  assert.equal(plane.registry.presenceOf(device.id), 'online');
});

test('an answer to a request of another connection changes nothing', async () => {
  await using plane = await ControlPlane.start();
  const { device } = await plane.boundDevice();
  const { connection: attacker } = await plane.boundDevice();
  const call = assert.rejects(plane.registry.call(device.id, resetDeviceConfiguration, { scope: 'soft' }), { status: 'TIMEOUT' });
  for (let id = 1; id < 10; id += 1)
    attacker.socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: { version: 666, rebootRequired: false } }));
  await attacker.keepAlive();
  await plane.clock.advance(10_000);
  await call;
});

test('malformed messages are answered, and the tenth within a minute closes with 1002', async () => {
  await using plane = await ControlPlane.start();
  const connection = await plane.device().connect();
  connection.socket.send('{"jsonrpc":');
  connection.socket.send('[]');
  await plane.until(() => connection.unmatched.length === 2);
  assert.deepEqual(
    connection.unmatched.map(({ id, error }) => [id, (error as { code: number }).code]),
    [
      [null, -32700],
      [null, -32600],
    ],
  );
  for (let i = 0; i < 7; i += 1) connection.socket.send('{}');
  assert.equal((await connection.keepAlive()).error, undefined);
  connection.socket.send('nonsense');
  assert.equal(await connection.closed, 1002);
});

test('binary, oversize and wrongly encoded messages close with 1003, 1009 and 1007', async () => {
  await using plane = await ControlPlane.start();
  const binary = await plane.device().connect();
  binary.socket.send(new Uint8Array([1, 2, 3]));
  assert.equal(await binary.closed, 1003);
  const oversize = await plane.device().connect();
  oversize.socket.send('x'.repeat(65_537));
  assert.equal(await oversize.closed, 1009);
  const encoding = await plane.device().connect();
  encoding.socket.send(Buffer.from([0xff, 0xfe, 0xfd]), { binary: false });
  assert.equal(await encoding.closed, 1007);
});

test('a flood of messages closes with 4029', async () => {
  await using plane = await ControlPlane.start();
  const connection = await plane.device().connect();
  for (let i = 0; i < 1_100; i += 1) connection.notify('x-unknown.event', {});
  assert.equal(await connection.closed, 4029);
});

test('an unknown method is answered, an unknown notification is not, and params may be missing but not null', async () => {
  await using plane = await ControlPlane.start();
  const connection = await plane.device().connect();
  connection.notify('x-unknown.event', {});
  assert.equal((await connection.request('x-unknown.call', {})).error?.code, -32601);
  assert.equal((await connection.request('ptz.control', { channel: 1, action: 'stop' })).error?.code, -32601);
  assert.equal((await connection.request('server.getInfo')).error, undefined);
  assert.equal((await connection.request('server.getInfo', null)).error?.code, -32602);
  assert.deepEqual(connection.unmatched, []);
});

test('a platform that stops closes with 1012 and takes no more connections', async () => {
  const plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  await plane.clock.advance(10_000);
  await connection.keepAlive();
  const { body } = await device.schedule();
  const stopped = plane.registry[Symbol.asyncDispose]();
  await assert.rejects(device.open(body.vd.token), { status: 503, retryAfter: '2' });
  assert.equal(await connection.closed, 1012);
  await stopped;
  assert.equal((await plane.row(device.id)).last_seen_at, 1_767_225_610_000);
  await plane[Symbol.asyncDispose]();
});

test('a device seen before the restart is expected back, so commands wait instead of failing', async () => {
  const before = await ControlPlane.start();
  const { device } = await before.boundDevice();
  await before.stop();
  await using after = await ControlPlane.start({ directory: before.directory });
  assert.equal(after.registry.presenceOf(device.id), 'suspect');
  await after.clock.advance(90_000);
  await after.until(async () => (await after.events(device.id)).at(-1)?.type === 'offline');
});

test('revoked rights end the connection at once', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  plane.bus.publish({ type: 'revoked', scope: 'device', id: device.id });
  assert.equal(await connection.closed, 4002);
  assert.equal(plane.registry.presenceOf(device.id), 'offline');
});

test('presence is told on the bus and the last sighting is written now and then, not at each message', async () => {
  await using plane = await ControlPlane.start();
  const { device, connection } = await plane.boundDevice();
  plane.published.length = 0;
  await plane.clock.advance(20_000);
  await connection.keepAlive();
  const before = (await plane.row(device.id)).last_seen_at;
  assert.ok(before !== null && before < 1_767_225_620_000);
  await plane.clock.advance(40_000);
  await plane.until(async () => (await plane.row(device.id)).last_seen_at === 1_767_225_620_000);
  assert.deepEqual(plane.published, []);
  await plane.clock.advance(1_000);
  connection.socket.terminate();
  await plane.until(() => plane.published.length > 0);
  assert.deepEqual(plane.published, [{ type: 'device', homeId: 'home-1', deviceId: device.id }]);
});

test('a thousand connects with the right id and a wrong key or token leave the real connection alone', async () => {
  await using plane = await ControlPlane.start({ scheduling: { limits: { perDeviceAndMinute: 10, perSourceAndSecond: 10_000 } } });
  const { device, connection } = await plane.boundDevice();
  const { privateKey } = generateKeyPairSync('ed25519');
  const wrongKey = await device.proof({ key: privateKey });
  const used = await device.proof();
  await device.schedule({}, used);
  for (let i = 0; i < 250; i += 1) {
    assert.equal((await device.schedule({}, wrongKey)).status, 401);
    await assert.rejects(device.open(''), { status: 401 });
    await assert.rejects(device.open(wrongKey), { status: 401 });
    await assert.rejects(device.open(used), { status: 401 });
  }
  assert.equal((await connection.keepAlive()).error, undefined);
  assert.equal(plane.registry.connectionCount, 1);
});
