import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CardeaProcess } from './cardea-process.ts';
import { eventually } from './eventually.ts';
import { Device } from './independent-device/device.ts';
import { Household } from './independent-device/household.ts';
import { isObject, objectsAt, Refusal } from './independent-device/json.ts';
import type { JsonRpcSocket } from './independent-device/json-rpc-socket.ts';
import { startsAtKeyFrame } from './independent-device/mp4-boxes.ts';
import { recording } from './independent-device/picture-source.ts';
import { ulid } from './independent-device/ulid.ts';
import { storeVideo } from './independent-device/video-store.ts';
import { play, Viewer } from './independent-device/viewer.ts';

/** One story told in order: a device that knows only the text of the protocol, and a platform started as a user would. */
let directory: string;
let platform: CardeaProcess;
let household: Household;
let device: Device;
let deviceId: string;
let connection: JsonRpcSocket;
let unboundToken: string;

const HOUR_MS = 3_600_000;

const newDevice = (clockErrorMs = 0): Device => new Device(`${household.url}/vs/v1`, clockErrorMs);

const refused = (expected: Partial<Refusal>) => (error: unknown) => {
  assert.ok(error instanceof Refusal, String(error));
  assert.deepEqual({ code: error.code, ...(expected.status && { status: error.status }) }, expected);
  return true;
};

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-independent-'));
  platform = new CardeaProcess(['serve', '--data', join(directory, 'data'), '--listen', '127.0.0.1:0']);
  const [, link = ''] = await platform.printed(/^Set-up link: (.+)$/);
  const [, url = ''] = await platform.printed(/^Cardea is ready at (.+)$/);
  household = await Household.setUp(url, link);
  device = newDevice();
  deviceId = device.identity.deviceId;
});

after(async () => {
  device?.powerDown();
  await platform?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test('the device shares no code with the platform it meets', async () => {
  const folder = join(import.meta.dirname, 'independent-device');
  for (const file of await readdir(folder)) {
    const imported = (await readFile(join(folder, file), 'utf8')).matchAll(/from '([^']+)'/g);
    for (const [, name = ''] of imported) assert.match(name, /^(node:[a-z/_]+|ws|\.\/[a-z0-9-]+\.ts)$/, file);
  }
});

test('a device that nobody has bound is scheduled and connects, and may do no more than ask for a home', async () => {
  const schedule = await device.scheduling.schedule('boot');
  assert.equal(schedule.bound, false);
  assert.equal(schedule.hasVideoService, false);
  unboundToken = schedule.vdToken;
  connection = await device.connect(schedule);
  const alarm = { eventId: ulid(), occurredAt: Date.now(), channel: 1, alarmType: 'motion', state: 'pulse' };
  await assert.rejects(device.request('alarm.notify', alarm), refused({ code: 1017 }));
});

test('a device whose clock is an hour off is told the time, and is scheduled once it has set its clock', async () => {
  const late = newDevice(-HOUR_MS);
  await assert.rejects(late.scheduling.ask('boot'), (error: unknown) => {
    assert.ok(error instanceof Refusal);
    assert.deepEqual([error.status, error.code], [401, 1703]);
    assert.ok(Math.abs(Number(error.body.serverTime) - Date.now()) < 5_000);
    return true;
  });
  const schedule = await late.scheduling.schedule('boot');
  assert.ok(Math.abs(late.scheduling.now() - Date.now()) < 5_000);
  assert.notEqual(schedule.vdToken, '');
});

test('a proof that was used once is refused when it is presented again', async () => {
  const other = newDevice();
  const proof = other.identity.proof(Date.now());
  await other.scheduling.ask('boot', proof);
  await assert.rejects(other.scheduling.ask('boot', proof), refused({ code: 1702, status: 401 }));
});

test('it is bound by the code its owner was given, and by no other', async () => {
  await assert.rejects(device.bind('WRONG-CODE'), refused({ code: 1001 }));
  const code = await household.bindingCode();
  assert.equal(await device.bind(code), true);
  const listed = await eventually('the device with its capabilities', async () => {
    const { body } = await household.call('GET', `/devices/${deviceId}`);
    return isObject(body.capabilities) ? body : undefined;
  });
  assert.deepEqual([listed.homeId, listed.state, listed.model], [household.homeId, 'online', 'Porch One']);
  const another = newDevice();
  await another.connect(await another.scheduling.schedule('pairing'));
  await assert.rejects(another.bind(code), refused({ code: 1001 }));
  another.powerDown();
});

test('the token from before it was bound is of no use any more', async () => {
  await assert.rejects(device.openVd(unboundToken), (error: unknown) => error instanceof Refusal && error.status === 401);
});

test('its alarm is acknowledged each time it is sent, and shown to its owner once', async () => {
  const alarm = { eventId: ulid(), occurredAt: Date.now(), channel: 1, alarmType: 'person', state: 'pulse', level: 2 };
  assert.equal((await device.request('alarm.notify', alarm)).received, true);
  assert.equal((await device.request('alarm.notify', alarm)).received, true);
  const { body } = await household.call('GET', `/events?deviceId=${deviceId}&kind=alarm`);
  assert.deepEqual(
    objectsAt(body, 'items').map(({ eventId, type, state, occurredAt, level }) => ({ eventId, type, state, occurredAt, level })),
    [{ eventId: alarm.eventId, type: 'person', state: 'pulse', occurredAt: alarm.occurredAt, level: 2 }],
  );
});

test('a command of its owner reaches it, and its result comes back', async () => {
  const { status, body } = await household.call('POST', `/devices/${deviceId}/commands/ptz.control`, {
    channel: 1,
    action: 'relative',
    delta: { pan: 0.5, tilt: -0.25 },
  });
  assert.equal(status, 200);
  assert.deepEqual(body, { state: 'idle', position: { pan: 0.5, tilt: -0.25, zoom: 0 } });
});

test('an error of the device comes to its owner as a conflict with its own number', async () => {
  const params = { channel: 1, action: 'relative', delta: { zoom: -0.5 } };
  const { status, body } = await household.call('POST', `/devices/${deviceId}/commands/ptz.control`, params);
  assert.deepEqual([status, body.deviceError], [409, 1200]);
  assert.deepEqual(body.deviceErrorData, { name: 'LIMIT_REACHED', retryable: false });
});

test('a method it did not announce is not supported, and never sent to it', async () => {
  let asked = false;
  device.events.once('disk.getInfo', () => {
    asked = true;
  });
  const { status } = await household.call('POST', `/devices/${deviceId}/commands/disk.getInfo`, {});
  assert.equal(status, 422);
  assert.equal(asked, false);
});

test('its stored video comes back byte for byte, whole and in parts', async () => {
  const media = await recording(2);
  const startAt = Date.now() - 2_000;
  const segmentId = await storeVideo(await device.videoService(), media, startAt, startAt + 2_000);
  const { body } = await household.call('GET', `/devices/${deviceId}/segments`);
  const [item, ...more] = objectsAt(body, 'items');
  assert.deepEqual(more, []);
  assert.deepEqual(
    [item?.id, item?.channel, item?.startAt, item?.endAt, item?.sizeBytes],
    [segmentId, 1, startAt, startAt + 2_000, media.length],
  );
  const whole = await household.media(segmentId);
  assert.deepEqual([whole.status, whole.headers.get('content-type')], [200, 'video/mp4']);
  assert.ok(media.equals(Buffer.from(await whole.arrayBuffer())));
  const part = await household.media(segmentId, 'bytes=1000-1999');
  assert.deepEqual([part.status, part.headers.get('content-range')], [206, `bytes 1000-1999/${media.length}`]);
  assert.ok(media.subarray(1000, 2000).equals(Buffer.from(await part.arrayBuffer())));
});

test('it is watched by two viewers with one push, and sends no more ten seconds after the last has left', {
  timeout: 40_000,
}, async (t) => {
  const first = await household.watch(deviceId);
  const early = new Viewer(first.ws);

  await t.test('what the first viewer receives plays', async () => {
    await early.received(61);
    const played = await play(Buffer.concat(early.pieces));
    assert.match(early.mime, /^video\/mp4; codecs="avc1\.42[0-9a-fA-F]{4}"$/);
    assert.deepEqual([played.codec, played.width, played.height], ['h264', 320, 240]);
    assert.ok(played.timesSec.length >= 60, `${played.timesSec.length} frames`);
    const steps = played.timesSec.slice(1).map((time, index) => time - (played.timesSec[index] ?? 0));
    assert.ok(
      steps.every((step) => Math.abs(step - 0.04) < 0.001),
      steps.join(' '),
    );
  });

  const second = await household.watch(deviceId);
  await t.test('a late viewer begins at a key frame and causes no second push', async () => {
    const late = new Viewer(second.ws);
    await late.received(30);
    assert.equal(startsAtKeyFrame(late.pieces[1] ?? Buffer.alloc(0)), true);
    assert.ok((await play(Buffer.concat(late.pieces))).timesSec.length >= 29);
    assert.equal(device.live.started, 1);
  });

  await t.test('ten seconds after the last viewer has left it is told to stop', async () => {
    const stopped = once(device.events, 'live.stop');
    await household.call('DELETE', `/live/${second.sessionId}`);
    await household.call('DELETE', `/live/${first.sessionId}`);
    const leftAt = performance.now();
    await early.ended();
    await stopped;
    const waitedSec = (performance.now() - leftAt) / 1000;
    assert.ok(waitedSec > 9.5 && waitedSec < 13, `${waitedSec} s`);
    const { body } = await household.call('POST', `/devices/${deviceId}/commands/device.getStatus`, {});
    assert.deepEqual(objectsAt(body, 'channels')[0]?.live, []);
  });
});

test('its newest connection wins, and the older one is closed as replaced', async () => {
  const older = connection;
  connection = await device.reconnect();
  assert.equal(await older.closed, 4009);
  const { status } = await household.call('POST', `/devices/${deviceId}/commands/device.getStatus`, {});
  assert.equal(status, 200);
});

test('when its owner removes it, it is told to forget its settings and its home', async () => {
  const reset = once(device.events, 'config.reset');
  const { status } = await household.call('DELETE', `/devices/${deviceId}`);
  assert.equal(status, 204);
  const [params]: readonly unknown[] = await reset;
  assert.deepEqual(params, { scope: 'soft' });
  assert.equal(await connection.closed, 4014);
  assert.equal((await household.call('GET', `/devices/${deviceId}`)).status, 404);
});
