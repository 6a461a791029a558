import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { followEvents, type HomeEvent } from '@cardea/api';
import { silentLogger } from '@cardea/core';
import { type Camera, createFileCamera, createSimulatedCamera } from '@cardea/device';
import { AlarmType } from '@cardea/protocol';
import { eventually } from '../eventually.ts';
import { type System, startSystem } from './system.ts';

let system: System;
/** Set by the tests: the source sends nothing. */
let silent = false;

before(async () => {
  system = await startSystem({
    openCamera: async (at) => interruptible(await createSimulatedCamera({ ...at, logger: silentLogger })),
  });
});
after(async () => {
  await system[Symbol.asyncDispose]();
});

/** A camera whose pictures stop while `silent` is set. */
function interruptible(camera: Camera): Camera {
  return {
    ...camera,
    channels: camera.channels.map((channel) => ({
      ...channel,
      streams: channel.streams.map((stream) => ({
        ...stream,
        gopSec: 1,
        read: (receiver, options) =>
          stream.read({ begin: (run) => receiver.begin(run), unit: (unit) => !silent && receiver.unit(unit) }, options),
      })),
    })),
  };
}

async function alarms(query: { readonly type?: string; readonly limit?: number } = {}): Promise<readonly HomeEvent[]> {
  return (await system.client.call('event.list', { query: { deviceId: system.deviceId, kind: 'alarm', limit: 200, ...query } })).items;
}

const get = (url: string, token = system.owner.token) => fetch(url, { headers: { authorization: `Bearer ${token}` } });

async function jpegAt(url: string): Promise<Buffer> {
  const answer = await get(url);
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/jpeg']);
  return Buffer.from(await answer.arrayBuffer());
}

test('alarm.trigger: every type of alarm reaches the home, once each', async () => {
  const { client, deviceId } = system;
  const types = AlarmType.enum;
  const raised: string[] = [];
  for (const alarmType of types) raised.push((await client.command(deviceId, 'alarm.trigger', { channel: 1, alarmType })).eventId);
  const shown = await eventually('all are shown', async () => {
    const events = await alarms();
    return events.length >= types.length ? events : undefined;
  });
  assert.deepEqual(shown.map(({ eventId }) => eventId).sort(), raised.sort());
  assert.deepEqual(new Set(shown.map(({ type }) => type)), new Set(types));
});

test('alarm.notify: its picture comes with the event, over the event stream, and to nobody without a right to it', async () => {
  const { client, deviceId, owner } = system;
  const stop = new AbortController();
  const news: HomeEvent[] = [];
  const connected = Promise.withResolvers<void>();
  const following = followEvents({
    baseUrl: owner.url,
    token: owner.token,
    signal: stop.signal,
    onState: (state) => state === 'connected' && connected.resolve(),
    onEvent: (event) => {
      if (event.type === 'alarm') news.push(event.data);
    },
  });
  await connected.promise;
  const { eventId } = await client.command(deviceId, 'alarm.trigger', { channel: 1, alarmType: 'doorbell', text: 'somebody is there' });
  const shown = await eventually('the alarm has its picture', async () =>
    (await alarms({ type: 'doorbell', limit: 1 })).find((event) => event.eventId === eventId && event.pictures.length > 0),
  );
  const [picture] = shown.pictures;
  assert.deepEqual([picture?.width, picture?.height, shown.text], [1280, 720, 'somebody is there']);
  const jpeg = await jpegAt(picture?.url ?? '');
  assert.equal(jpeg.subarray(0, 2).toString('hex'), 'ffd8');
  await eventually('the stream tells of the picture', async () =>
    news.find((event) => event.eventId === eventId && event.pictures.length === 1),
  );
  stop.abort();
  await following;
  assert.equal((await fetch(picture?.url ?? '')).status, 401);
  assert.equal((await get(`${owner.url}/api/v1/events/${shown.id}/pictures/2`)).status, 404);
  assert.equal((await get(`${owner.url}/api/v1/events/01KDVAEZ8T0000000000000000/pictures/1`)).status, 404);
});

test('alarm.notify: one that lasts starts, stops and is recorded as an event, and can be marked as reviewed', async () => {
  const { client, deviceId } = system;
  const { eventId } = await client.command(deviceId, 'alarm.trigger', { channel: 1, alarmType: 'person', durationSec: 2 });
  const states = await eventually('start and stop', async () => {
    const both = (await alarms({ type: 'person' })).filter((event) => event.correlationId === eventId);
    return both.length === 2 ? both : undefined;
  });
  assert.deepEqual(
    states.map(({ state }) => state),
    ['stop', 'start'],
  );
  const [, start] = states;
  assert.ok(start !== undefined);
  await eventually(
    'the video of the alarm',
    async () => ((await client.call('event.get', { params: { id: start.id } })).segmentIds.length > 0 ? true : undefined),
    60_000,
  );
  const reviewed = await client.call('event.update', { params: { id: start.id }, body: { reviewed: true } });
  assert.equal(reviewed.reviewed, true);
  assert.equal((await alarms({ type: 'person' })).find(({ id }) => id === start.id)?.reviewed, true);
});

test('alarm.notify, channel.changed: when the pictures stop videoLoss is raised and the channel is away, until they come again', async () => {
  const { client, deviceId } = system;
  const told = async (state: string): Promise<true | undefined> => {
    const { items } = await client.call('event.list', { query: { deviceId, kind: 'device', type: 'channel' } });
    return items.some((item) => item.channel === 1 && item.state === state) ? true : undefined;
  };
  const online = async () => (await client.command(deviceId, 'device.getStatus', { sections: ['channels'] })).channels[0]?.online;
  silent = true;
  await eventually('the loss', async () => (await alarms({ type: 'videoLoss' })).find(({ state }) => state === 'start'));
  await eventually('the channel is away', () => told('offline'));
  assert.equal(await online(), false);
  silent = false;
  await eventually('the end of the loss', async () => (await alarms({ type: 'videoLoss' })).find(({ state }) => state === 'stop'));
  await eventually('the channel is back', () => told('online'));
  assert.equal(await online(), true);
});

test('snapshot.capture: several pictures go to the snapshots of the device, where they are listed and read', async () => {
  const { client, deviceId, owner } = system;
  const { images } = await client.command(deviceId, 'snapshot.capture', { channel: 1, count: 3, width: 320, height: 180 });
  assert.deepEqual(
    images.map(({ status, width, height }) => [status, width, height]),
    Array(3).fill(['uploaded', 320, 180]),
  );
  const { items } = await client.call('snapshot.list', { params: { id: deviceId }, query: { limit: 200 } });
  const taken = items.filter(({ taskId }) => taskId !== undefined);
  assert.deepEqual(taken.map(({ sha256 }) => sha256).sort(), images.map(({ sha256 }) => sha256).sort());
  assert.equal((await jpegAt(taken[0]?.url ?? '')).length, taken[0]?.sizeBytes);
  const [first] = (await client.call('snapshot.list', { params: { id: deviceId }, query: { limit: 1 } })).items;
  assert.equal(first?.id, items[0]?.id);
  assert.equal((await get(`${owner.url}/api/v1/devices/${deviceId}/snapshots/01KDVAEZ8T0000000000000000`)).status, 404);
});

test('snapshot.capture: snapshot.jpg shows the present with its age to whoever may see it, and nothing new in privacy mode', async () => {
  const { client, deviceId, owner } = system;
  const url = `${owner.url}/live/${deviceId}/1/sub/snapshot.jpg`;
  const fresh = await get(`${url}?maxAge=0`);
  assert.deepEqual([fresh.status, fresh.headers.get('content-type')], [200, 'image/jpeg']);
  assert.ok(Number(fresh.headers.get('age')) <= 2);
  const etag = fresh.headers.get('etag') ?? '';
  assert.equal((await get(url)).headers.get('etag'), etag);
  const session = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'sub' } });
  assert.equal((await fetch(`${url}?token=${session.token}`)).status, 200);
  assert.equal((await fetch(`${url}?token=x`)).status, 401);
  assert.equal((await fetch(url)).status, 401);
  assert.equal((await get(`${owner.url}/live/${'0'.repeat(26)}/1/sub/snapshot.jpg`)).status, 404);
  await client.command(deviceId, 'config.set', { patch: { 'privacy.mode': 'on' } });
  const refused = await get(`${url}?maxAge=0`);
  assert.deepEqual([refused.status, (await refused.json()).deviceError], [409, 1012]);
  await client.command(deviceId, 'config.set', { patch: { 'privacy.mode': 'off' } });
});

test('config.set: motion that is switched on is sensed in the pictures, in its zone, and ends when it is switched off', async () => {
  const { client, deviceId } = system;
  const vertices = [
    { x: 0, y: 0 },
    { x: 1, y: 0 },
    { x: 1, y: 1 },
    { x: 0, y: 1 },
  ];
  const zones = [{ id: 'yard', name: 'Yard', use: 'motion', vertices }];
  await client.command(deviceId, 'config.set', {
    patch: { zones, 'detect.motion.enabled': true, 'detect.motion.sensitivity': 10, 'detect.motion.blindSec': 0 },
  });
  const start = await eventually('the alarm', async () =>
    (await alarms({ type: 'motion' })).find(({ state, correlationId }) => state === 'start' && correlationId !== undefined),
  );
  await client.command(deviceId, 'config.set', { patch: { 'detect.motion.enabled': false } });
  await eventually('its end', async () =>
    (await alarms({ type: 'motion' })).find(({ state, correlationId }) => state === 'stop' && correlationId === start.correlationId),
  );
});

test('config.set: without a decoder motion in a file is told from the sizes of its pictures', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-motion-'));
  const path = join(directory, 'box.mp4');
  // Still for six seconds, then noise in a part of the picture.
  const noise = "nullsrc=s=320x180:r=10:d=12,geq=lum='if(gt(T,6)*lt(X,160),random(1)*255,100)':cb=128:cr=128";
  const encode = [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    noise,
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-crf',
    '30',
    '-g',
    '20',
    '-bf',
    '0',
  ];
  assert.equal(spawnSync('ffmpeg', [...encode, '-pix_fmt', 'yuv420p', '-movflags', '+faststart', path]).status, 0);
  await using other = await startSystem({ openCamera: ({ clock }) => createFileCamera({ path, clock }) });
  await using _removal = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
  await other.client.command(other.deviceId, 'config.set', { patch: { 'detect.motion.decode': false, 'detect.motion.enabled': true } });
  await eventually('the alarm', async () => {
    const { items } = await other.client.call('event.list', { query: { type: 'motion' } });
    return items.find(({ state }) => state === 'start');
  });
});
