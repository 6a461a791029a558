import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SystemClock, silentLogger } from '@cardea/core';
import { createSimulatedCamera, RunningDevice } from '@cardea/device';
import { alarmNotification } from '@cardea/protocol';
import { ClusterHere } from '../support/cluster.ts';
import { LightDevice } from '../support/light-device.ts';
import { liveForms, type ReadForm } from '../support/live-forms.ts';
import { readRtsp } from '../support/rtsp-form.ts';
import { readWhep } from '../support/whep-form.ts';
import { CardeaProcess } from './cardea-process.ts';
import { PlaybackViewer } from './device-management/playback-viewer.ts';
import { heardBy, Talker } from './device-management/talker.ts';
import { eventually } from './eventually.ts';

const outputs = { ...liveForms, rtsp: readRtsp, whep: readWhep } as const;
const anyPort = '127.0.0.1:0';
const ports = { 'rtsp.listen': anyPort, 'webrtc.listen': anyPort, 'rtmp.listen': 'off', 'wake.listen': anyPort };

let stack: AsyncDisposableStack;
let cluster: ClusterHere;
let device: RunningDevice;
/** A camera with a battery, which sleeps when nobody needs it. */
let sleeper: RunningDevice;
let stateDirectory: string;
/** What is recorded on the disk of the camera from the beginning. */
let recording: string;
/** Origin of each process, by its only role. */
const urls: Record<string, string> = {};

before(async () => {
  await using starting = new AsyncDisposableStack();
  cluster = starting.use(await ClusterHere.start({ hub: 'api', settings: { ...ports, 'keepAlive.intervalSec': 5 } }));
  const start = async (role: string): Promise<void> => {
    urls[role] = (await cluster.startNode(`${role}-1`, role)).url;
  };
  await Promise.all(['scheduling', 'access', 'media', 'video'].map(start));
  stateDirectory = await mkdtemp(join(tmpdir(), 'cardea-device-'));
  starting.defer(() => rm(stateDirectory, { recursive: true, force: true }));
  await eventually('the scheduling service to be known', async () => {
    const { qr } = await newCode();
    return new URLSearchParams(qr.split('?')[1]).get('platform') === urls.scheduling ? true : undefined;
  });
  [device, sleeper] = await Promise.all([startDevice('camera'), startDevice('sleeper', { battery: true })]);
  starting.use(device);
  starting.use(sleeper);
  const { client } = cluster.owner;
  for (const { deviceId } of [device, sleeper]) {
    await eventually('the camera is bound and known', async () => {
      const { state, capabilities } = await client.call('device.get', { params: { id: deviceId } });
      return state === 'online' && capabilities !== null ? true : undefined;
    });
  }
  await client.command(sleeper.deviceId, 'config.set', { patch: { 'power.sleepAfterSec': 5 } });
  recording = (await client.command(device.deviceId, 'record.start', { channel: 1, target: 'local', reason: 'manual' })).taskId;
  stack = starting.move();
});
after(async () => {
  await stack?.[Symbol.asyncDispose]();
});

async function newCode() {
  const { client, homeId } = cluster.owner;
  return await client.call('bindingCode.create', { params: { id: homeId }, body: {} });
}

async function startDevice(name: string, camera: { readonly battery?: boolean } = {}): Promise<RunningDevice> {
  const clock = new SystemClock();
  const directory = join(stateDirectory, name);
  return await RunningDevice.start({
    platformUrl: urls.scheduling ?? '',
    stateDirectory: directory,
    bindingCode: (await newCode()).code,
    openCamera: () => createSimulatedCamera({ clock, stateDirectory: directory, logger: silentLogger, ...camera }),
    clock,
    logger: silentLogger,
  });
}

/** Watches until something came. */
async function seeSomething(read: ReadForm, url: string): Promise<void> {
  const seen = new AbortController();
  let bytes = 0;
  const onBytes = (piece: Uint8Array): void => {
    bytes += piece.length;
    if (bytes > 10_000) seen.abort();
  };
  await read(url, { signal: AbortSignal.any([seen.signal, AbortSignal.timeout(30_000)]), onBytes });
  assert.ok(bytes > 10_000);
}

const hostOf = (role: string): string => new URL(urls[role] ?? '').hostname + new URL(urls[role] ?? '').port;

test('with every role in a process of its own a camera is watched by every output, at the server of live video', async () => {
  const { client } = cluster.owner;
  const session = await client.call('live.create', { params: { id: device.deviceId }, body: { channel: 1, stream: 'main' } });
  assert.equal(session.elsewhere, true);
  const watched = Object.entries(outputs).map(async ([form, read]) => {
    const url = session.urls[form as keyof typeof outputs];
    assert.ok(url, form);
    if (form !== 'rtsp') assert.equal(new URL(url).hostname + new URL(url).port, hostOf('media'), form);
    await seeSomething(read, url);
  });
  await Promise.all(watched);
  const { items } = await client.call('viewer.list', { params: { id: device.deviceId } });
  assert.deepEqual(
    items.map(({ sessionId }) => sessionId),
    [session.sessionId],
  );
  const renewed = await client.call('live.renew', { params: { sessionId: session.sessionId } });
  assert.equal(renewed.sessionId, session.sessionId);
  await client.call('live.delete', { params: { sessionId: session.sessionId } });
  await assert.rejects(client.call('live.renew', { params: { sessionId: session.sessionId } }), { status: 404, code: 1108 });
});

test('a link shows live pictures of a camera though another server has them', async () => {
  const { client, url } = cluster.owner;
  const body = { kind: 'live', deviceId: device.deviceId, channel: 1, expiresAt: Date.now() + 3_600_000 } as const;
  const share = await client.call('share.create', { body });
  const path = new URL(share.url, url).href;
  await seeSomething(liveForms.ws, `${path.replace(/^http/, 'ws')}/live/ws`);
  await seeSomething(liveForms.flv, `${path}/live/stream.flv`);
});

test('at a server without live video its addresses lead to the one that has them, for whoever may', async () => {
  const { client, token, url } = cluster.owner;
  const path = `/live/${device.deviceId}/1/main`;
  const session = await client.call('live.create', { params: { id: device.deviceId }, body: { channel: 1, stream: 'main' } });
  const here = `${url.replace(/^http/, 'ws')}${path}/ws`;
  await seeSomething(liveForms.ws, `${here}?token=${session.token}`);
  const authorization = `Bearer ${token}`;
  const answer = await fetch(`${url}${path}/stream.flv`, { headers: { authorization }, redirect: 'manual' });
  assert.deepEqual([answer.status, new URL(answer.headers.get('location') ?? '').origin], [307, urls.media]);
  await seeSomething(liveForms.flv, answer.headers.get('location') ?? '');
  await assert.rejects(seeSomething(liveForms.ws, `${here}?token=x`), /401/);
  assert.equal((await fetch(`${url}${path}/stream.flv`)).status, 401);
  await client.call('live.delete', { params: { sessionId: session.sessionId } });
  await assert.rejects(seeSomething(liveForms.ws, `${here}?token=${session.token}`), /401/);
});

test('what a user says is heard, and a plain message finds the talk where it is', async () => {
  const { client, token, url } = cluster.owner;
  const talk = await client.call('talk.create', { params: { id: device.deviceId }, body: { channel: 1, codecs: ['g711u'] } });
  assert.equal(new URL(talk.url).hostname + new URL(talk.url).port, hostOf('media'));
  using talker = await Talker.open(talk.url);
  await eventually('the camera plays', async () => (talker.states.at(-1) === 'playing' ? true : undefined));
  talker.hum('g711u', 440, 25);
  await client.call('talk.delete', { params: { sessionId: talk.sessionId } });
  assert.deepEqual(await talker.closed, { code: 1_000, reason: 'ended' });
  const heard = await eventually('the loudspeaker is silent again', () => heardBy(join(stateDirectory, 'camera')));
  assert.equal(heard.hertz, 440);

  const { sessionId } = await client.command(device.deviceId, 'talk.start', { channel: 1, codec: 'g711u', sampleRate: 8_000, ttlSec: 30 });
  using again = await Talker.open(`${url.replace(/^http/, 'ws')}/talk/${sessionId}`, { authorization: `Bearer ${token}` });
  await eventually('the camera plays', async () => (again.states.at(-1) === 'playing' ? true : undefined));
  assert.deepEqual(await client.command(device.deviceId, 'talk.stop', { sessionId }), { stopped: true });
  assert.deepEqual(await again.closed, { code: 1_000, reason: 'the device ended it' });
});

test('a recording on the disk of the camera is played at the server of live video', async () => {
  const { client } = cluster.owner;
  const params = { id: device.deviceId };
  const span = await eventually('something is recorded', async () => {
    const { spans } = await client.command(device.deviceId, 'record.list', { channel: 1, fromAt: 0, toAt: Date.now() + 60_000 });
    return spans.find(({ startAt, endAt }) => endAt - startAt >= 2_000);
  });
  await client.command(device.deviceId, 'record.stop', { taskId: recording });
  const playback = await client.call('playback.create', { params, body: { channel: 1, startAt: span.startAt } });
  assert.equal(new URL(playback.urls.ws).hostname + new URL(playback.urls.ws).port, hostOf('media'));
  await using viewer = await PlaybackViewer.open(playback.urls.ws);
  await eventually('ten recorded pictures', async () => (viewer.pictures.length >= 10 ? true : undefined));
  await client.command(device.deviceId, 'playback.control', { sessionId: playback.sessionId, action: 'stop' });
});

test('what the video service stored is listed and read where the user API is', async () => {
  const { client, token, url } = cluster.owner;
  const id = await eventually('a stored segment', async () => {
    const { items } = await client.call('segment.list', { params: { id: device.deviceId }, query: {} });
    return items[0]?.id;
  });
  const response = await fetch(`${url}/api/v1/segments/${id}/media`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(response.status, 200);
  assert.equal(Buffer.from(await response.arrayBuffer()).toString('latin1', 4, 8), 'ftyp');
});

test('the picture of an alarm is taken in by the server that holds the camera, and seen where the user API is', async () => {
  const { client, token, url } = cluster.owner;
  const light = new LightDevice({ platformUrl: urls.scheduling ?? '' });
  await light.start();
  try {
    await light.bind((await newCode()).code);
    const snapshotTickets = await eventually('the camera reports an alarm', async () => {
      const alarm = { channel: 1, alarmType: 'motion', state: 'pulse', media: { wantSnapshotTickets: 1 } } as const;
      return (await light.call(alarmNotification, { ...light.eventFields(), ...alarm })).snapshotTickets;
    });
    const [ticket] = snapshotTickets;
    assert.ok(ticket);
    assert.equal(new URL(ticket.url).origin, urls.access);
    // As much of a JPEG as says that it is 16 pixels wide and high.
    const picture = Buffer.from('ffd8ffc0000b080010001001011100ffd9', 'hex');
    assert.equal((await fetch(ticket.url, { method: 'PUT', headers: ticket.headers ?? {}, body: picture })).status, 201);
    const event = await eventually('the alarm has a picture', async () => {
      const { items } = await client.call('event.list', { query: { deviceId: light.id, kind: 'alarm' } });
      return items.find(({ pictures }) => pictures.length > 0);
    });
    const seen = await fetch(`${url}/api/v1/events/${event.id}/pictures/1`, { headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual(Buffer.from(await seen.bytes()), picture);
  } finally {
    await light.stop();
  }
});

test('a camera that sleeps at the scheduling service is woken by whoever watches at the server of live video', async () => {
  const { client } = cluster.owner;
  const params = { id: sleeper.deviceId };
  const asleep = async () => ((await client.call('device.get', { params })).state === 'asleep' ? true : undefined);
  await eventually('the camera sleeps', asleep, 60_000);
  const { sessionId, urls: found } = await client.call('live.create', { params, body: { channel: 1, stream: 'main' } });
  await seeSomething(liveForms.ws, found.ws);
  await client.call('live.delete', { params: { sessionId } });
});

test('a drained server leaves playbacks to another where they stood, and whoever talks talks on by way of it', async () => {
  const { client } = cluster.owner;
  const { deviceId } = device;
  const params = { id: deviceId };
  const { spans } = await client.command(deviceId, 'record.list', { channel: 1, fromAt: 0, toAt: Date.now() + 60_000 });
  const { sessionId, urls: first } = await client.call('playback.create', {
    params,
    body: { channel: 1, startAt: spans[0]?.startAt ?? 0 },
  });
  const status = async () => await client.command(deviceId, 'playback.getStatus', { sessionId });
  await using before = await PlaybackViewer.open(first.ws);
  await eventually('ten recorded pictures', async () => (before.pictures.length >= 10 ? true : undefined));
  const { positionAt: stoodAt } = await client.command(deviceId, 'playback.control', { sessionId, action: 'pause' });
  const talk = await client.call('talk.create', { params, body: { channel: 1 } });
  using talker = await Talker.open(talk.url);

  const second = new URL((await cluster.startNode('media-2', 'media')).url).host;
  await using operator = new CardeaProcess(['drain', '--node', 'media-1', '--bus', cluster.bus.url], { NODE_TEST_CONTEXT: undefined });
  assert.deepEqual(await talker.closed, { code: 1_012, reason: 'moved' });
  const next = await client.call('talk.create', { params, body: { channel: 1 } });
  assert.equal(new URL(next.url).host, second);
  assert.equal(await operator.exited(), 0);

  assert.equal(before.closeReason, 'moved');
  const renewed = await client.call('live.renew', { params: { sessionId } });
  assert.equal(new URL(renewed.urls.ws).host, second);
  await using after = await PlaybackViewer.open(renewed.urls.ws);
  const [shown] = await eventually('the picture it stood on', async () => (after.pictures.length > 0 ? after.pictures : undefined));
  assert.ok(shown?.key && shown.atMs <= stoodAt);
  assert.equal((await status()).state, 'paused');
  await client.command(deviceId, 'playback.control', { sessionId, action: 'resume' });
  await eventually('it goes on', async () => ((after.pictures.at(-1)?.atMs ?? 0) > stoodAt ? true : undefined));
  await client.call('live.delete', { params: { sessionId } });
  await assert.rejects(status(), { code: 1108 });
});
