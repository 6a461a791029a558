import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setDeviceConfiguration, startRecording, stopRecording } from '@cardea/protocol';
import { ControlPlane } from '../testing/control-plane.ts';
import { capabilities, type RawConnection } from '../testing/raw-device.ts';

const TASK = '01KDVAS8F3X5B7Q9D1G4J6M8NR';

/** What is noted of a camera, oldest first: fact, channel and value. */
async function noted(plane: ControlPlane, deviceId: string): Promise<readonly (readonly [string, number, string])[]> {
  const rows = await plane.db
    .selectFrom('recording_fact')
    .selectAll()
    .where('device_id', '=', deviceId)
    .orderBy('fact')
    .orderBy('at')
    .execute();
  return rows.map(({ fact, channel, value }) => [fact, channel, value] as const);
}

/** A bound camera that can be asked for its configuration. */
async function boundCamera(plane: ControlPlane, config: Readonly<Record<string, unknown>>, configKeys = capabilities.configKeys) {
  const device = plane.device();
  const { body } = await device.schedule();
  const connection = await device.open(body.vd.token);
  const methods = [...(capabilities.methods as readonly string[]), 'config.get', 'record.stop'];
  connection.answers['capability.get'] = () => ({ result: { ...capabilities, methods, configKeys } });
  connection.answers['config.get'] = ({ keys }) => answerOf(config, keys as readonly string[]);
  await connection.keepAlive();
  await plane.until(async () => (await plane.row(device.id)).capabilities !== null);
  await connection.event('binding.report', { state: 'requested', bindToken: 'GOOD-CODE' });
  await plane.until(async () => (await noted(plane, device.id)).some(([fact]) => fact === 'policy'));
  return { device, connection, deviceId: device.id };
}

function answerOf(config: Readonly<Record<string, unknown>>, keys: readonly string[]): ReturnType<RawConnection['answers'][string]> {
  const unknown = keys.find((key) => !(key in config));
  const error = { code: 1500, message: 'no such key', data: { details: { key: unknown } } };
  if (unknown !== undefined) return { error };
  return { result: { version: 1, config: Object.fromEntries(keys.map((key) => [key, config[key]])) } };
}

test('what a camera is to record is known from its binding on, also of one without a privacy mode', async () => {
  await using plane = await ControlPlane.start();
  const { deviceId } = await boundCamera(plane, { 'record.cloud.mode': 'continuous', 'privacy.mode': 'off' });
  await plane.until(async () => (await noted(plane, deviceId)).length === 2);
  assert.deepEqual(await noted(plane, deviceId), [
    ['policy', 1, 'continuous'],
    ['privacy', 1, 'off'],
  ]);
  const { deviceId: plain } = await boundCamera(plane, { 'record.cloud.mode': 'event' });
  assert.deepEqual(await noted(plane, plain), [['policy', 1, 'event']]);
});

test('commands a camera carried out, and changes at the camera itself, are noted', async () => {
  await using plane = await ControlPlane.start();
  const config: Record<string, unknown> = { 'record.cloud.mode': 'continuous', 'privacy.mode': 'off' };
  const { connection, deviceId } = await boundCamera(plane, config);
  await plane.until(async () => (await noted(plane, deviceId)).length === 2);
  connection.answers['config.set'] = () => ({ result: { version: 2, applied: ['privacy.mode'] } });
  await plane.clock.advance(1_000);
  await plane.management.send(deviceId, setDeviceConfiguration, { channel: 1, patch: { 'privacy.mode': 'on' } });
  await plane.until(async () => (await noted(plane, deviceId)).some(([fact, , value]) => fact === 'privacy' && value === 'on'));
  const startAt = plane.clock.now();
  connection.answers['record.start'] = () => ({ result: { taskId: TASK, startAt, endsAt: startAt + 60_000 } });
  await plane.management.send(deviceId, startRecording, { taskId: TASK, channel: 1, target: 'cloud', reason: 'manual', durationSec: 60 });
  await plane.until(async () => (await noted(plane, deviceId)).filter(([fact]) => fact === 'task').length === 2);
  connection.answers['record.stop'] = () => ({ result: { stopped: [{ taskId: TASK, startAt, endAt: startAt + 5_000 }] } });
  await plane.clock.advance(5_000);
  await plane.management.send(deviceId, stopRecording, { taskId: TASK });
  await plane.until(async () => {
    const tasks = await plane.db.selectFrom('recording_fact').select('at').where('fact', '=', 'task').where('value', '=', 'off').execute();
    return tasks.length === 1 && tasks[0]?.at === startAt + 5_000;
  });
  config['record.cloud.mode'] = 'off';
  await connection.event('config.changed', { version: 3, keys: ['record.cloud.mode'] });
  await plane.until(async () => (await noted(plane, deviceId)).some(([fact, , value]) => fact === 'policy' && value === 'off'));
});

test('when a camera comes and goes is noted from when it was heard last, and its home is done with it when it is unbound', async () => {
  await using plane = await ControlPlane.start();
  const { connection, deviceId } = await boundCamera(plane, { 'record.cloud.mode': 'continuous', 'privacy.mode': 'off' });
  const heardAt = plane.clock.now();
  connection.socket.terminate();
  await plane.until(() => plane.registry.presenceOf(deviceId) !== 'online');
  await plane.clock.advance(120_000);
  await plane.until(async () => (await noted(plane, deviceId)).some(([fact, , value]) => fact === 'presence' && value === 'offline'));
  const [offline] = await plane.db
    .selectFrom('recording_fact')
    .select('at')
    .where('fact', '=', 'presence')
    .where('value', '=', 'offline')
    .execute();
  assert.equal(offline?.at, heardAt);
  await plane.management.unbind(await plane.proof(deviceId, 'manage'));
  const policies = (await noted(plane, deviceId)).filter(([fact]) => fact === 'policy');
  assert.deepEqual(policies.at(-1), ['policy', 1, 'none']);
});

test('a camera that does not know yet that it is bound is asked again', async () => {
  await using plane = await ControlPlane.start();
  const { connection, deviceId } = await boundCamera(plane, { 'record.cloud.mode': 'continuous', 'privacy.mode': 'off' });
  await plane.until(async () => (await noted(plane, deviceId)).length === 2);
  let asked = 0;
  const error = { code: 1017, message: 'the device belongs to no home' };
  connection.answers['config.get'] = () => {
    asked += 1;
    return asked === 1 ? { error } : { result: { version: 2, config: { 'record.cloud.mode': 'off', 'privacy.mode': 'off' } } };
  };
  await connection.event('config.changed', { version: 2, keys: ['record.cloud.mode'] });
  await plane.until(() => asked === 1);
  await plane.until(async () => {
    await plane.clock.advance(500);
    return (await noted(plane, deviceId)).some(([fact, , value]) => fact === 'policy' && value === 'off');
  });
});

/** A camera that keeps what it is set to, announces `configKeys`, and can be asked what it was told. */
async function settableCamera(plane: ControlPlane, config: Record<string, unknown>, configKeys: readonly string[]) {
  const storage = { ...(capabilities.storage as object), cloudModes: ['off', 'event', 'continuous', 'schedule'] };
  const methods = [...(capabilities.methods as readonly string[]), 'config.get', 'config.set'];
  const device = plane.device();
  const told: unknown[] = [];
  const connect = async (): Promise<RawConnection> => {
    const connection = await device.open((await device.schedule()).body.vd.token);
    connection.answers['capability.get'] = () => ({ result: { ...capabilities, methods, configKeys, storage } });
    connection.answers['config.get'] = ({ keys }) => answerOf(config, keys as readonly string[]);
    connection.answers['config.set'] = (params) => {
      told.push(params);
      const { patch } = params as { patch: Readonly<Record<string, unknown>> };
      Object.assign(config, patch);
      return { result: { version: 2, applied: Object.keys(patch) } };
    };
    await connection.keepAlive();
    return connection;
  };
  const connection = await connect();
  await plane.until(async () => (await plane.row(device.id)).capabilities !== null);
  await connection.event('binding.report', { state: 'requested', bindToken: 'GOOD-CODE' });
  await plane.until(async () => (await noted(plane, device.id)).some(([fact]) => fact === 'policy'));
  const homeId = (await plane.row(device.id)).home_id ?? '';
  return { deviceId: device.id, homeId, connection, connect, told };
}

const nights = [{ days: [1, 7], from: '22:00', to: '06:00' }];

test('hours said while a camera is away are told to it when it comes back, and put back when somebody changes them at it', async () => {
  await using plane = await ControlPlane.start();
  const config: Record<string, unknown> = {
    'record.cloud.mode': 'off',
    'record.cloud.schedule': [],
    'device.timezone': 'UTC',
    'privacy.mode': 'off',
  };
  const camera = await settableCamera(plane, config, ['record.cloud', 'device']);
  const { deviceId, homeId, told } = camera;
  assert.deepEqual(told, []);
  camera.connection.socket.terminate();
  await plane.until(() => plane.registry.presenceOf(deviceId) !== 'online');
  await plane.policies.change({ homeId, deviceId }, { mode: 'continuous', schedule: nights });
  await plane.wishes.of({ homeId, deviceId });
  assert.equal(await plane.wishes.isDue({ homeId, deviceId }), true);
  await plane.clock.advance(60_000);
  const back = await camera.connect();
  await plane.until(async () => !(await plane.wishes.isDue({ homeId, deviceId })));
  const schedule = [{ days: [1, 0], startSec: 79_200, endSec: 21_600, mode: 'continuous' }];
  assert.deepEqual(told, [{ channel: 1, patch: { 'record.cloud.mode': 'schedule', 'record.cloud.schedule': schedule } }]);
  config['record.cloud.mode'] = 'off';
  await back.event('config.changed', { version: 3, keys: ['record.cloud.mode'] });
  await plane.until(() => told.length === 2);
  assert.deepEqual(told[1], { channel: 1, patch: { 'record.cloud.mode': 'schedule' } });
});

test('a camera that knows no schedule is switched at the hours, and one that has what is wanted is left alone', async () => {
  await using plane = await ControlPlane.start();
  const camera = await settableCamera(plane, { 'record.cloud.mode': 'continuous', 'privacy.mode': 'off' }, ['record.cloud.mode']);
  const { deviceId, homeId, told } = camera;
  // The clock begins at midnight UTC.
  await plane.policies.change({ homeId, deviceId }, { schedule: [{ from: '00:02', to: '00:04' }] });
  plane.management.recordAsWished([deviceId]);
  await plane.until(() => told.length === 1);
  assert.deepEqual(told[0], { channel: 1, patch: { 'record.cloud.mode': 'off' } });
  for (let passed = 0; passed < 180_000 && told.length < 2; passed += 10_000) {
    await plane.clock.advance(10_000);
    await camera.connection.keepAlive();
  }
  await plane.until(() => told.length === 2);
  assert.deepEqual(told[1], { channel: 1, patch: { 'record.cloud.mode': 'continuous' } });
  assert.ok(plane.clock.now() >= 1_767_225_600_000 + 120_000);
});

test('a camera that encrypts is told for whom: at once when a member adds a key, again when one leaves, later what it missed', async () => {
  await using plane = await ControlPlane.start();
  const keys = ['device', 'record.encryption.recipients'];
  const { connection, deviceId } = await boundCamera(plane, { 'record.cloud.mode': 'continuous', 'privacy.mode': 'off' }, keys);
  const told: unknown[] = [];
  connection.answers['config.set'] = ({ patch }) => {
    const { 'record.encryption.recipients': recipients } = patch as Record<string, unknown>;
    told.push(recipients);
    return { result: { version: 2, applied: ['record.encryption.recipients'] } };
  };
  const publicKey = 'B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9_AsrhtHHw';
  const place = { homeId: 'home-1', deviceId };
  const row = { home_id: 'home-1', user_id: 'user-1', key_id: 'aaa8fff703b50b22', public_key: publicKey, name: 'Phone', created_at: 1 };
  await plane.db.insertInto('recipient_key').values(row).execute();
  assert.equal(await plane.recipients.isDue(place), true);
  plane.management.recordInHome('home-1');
  await plane.until(() => told.length === 1);
  assert.deepEqual(told, [[publicKey]]);
  await plane.until(async () => !(await plane.recipients.isDue(place)));
  await plane.db.deleteFrom('home_member').where('user_id', '=', 'user-1').execute();
  assert.equal(await plane.recipients.isDue(place), true, 'told when it comes back, if it is away now');
  plane.management.recordInHome('home-1');
  await plane.until(() => told.length === 2);
  assert.deepEqual(told[1], []);
});
