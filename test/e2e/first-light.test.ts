import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { CardeaProcess } from './cardea-process.ts';
import { eventually } from './eventually.ts';
import { watch } from './live-viewer.ts';
import { type Owner, ownerAt, setUpOwner } from './owner.ts';
import { probe } from './probe.ts';

const run = promisify(execFile);
const bin = join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'cardea.js');

/** One story told in order: each test goes on where the one before ended. */
let directory: string;
let platform: CardeaProcess;
let agent: CardeaProcess;
let owner: Owner;
let deviceId: string;

const serve = (listen: string): CardeaProcess =>
  new CardeaProcess(['serve', '--data', join(directory, 'data'), '--listen', listen, '--log-level', 'warn']);

function runAgent(...more: string[]): CardeaProcess {
  const state = join(directory, 'camera');
  return new CardeaProcess(['device', 'run', '--platform', owner.url, '--state', state, '--log-level', 'warn', ...more]);
}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'cardea-first-light-'));
  platform = serve('127.0.0.1:0');
  owner = await setUpOwner(platform);
});

after(async () => {
  await agent?.[Symbol.asyncDispose]();
  await platform?.[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

test('a camera started with a binding code appears in the home of its owner', async () => {
  const { code } = await owner.client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} });
  agent = runAgent('--binding-code', code);
  const device = await eventually('a bound device', async () => {
    const { items } = await owner.client.call('device.list');
    return items.find(({ state, capabilities }) => state === 'online' && capabilities !== undefined);
  });
  deviceId = device.id;
  assert.match(deviceId, /^[0-9a-hjkmnp-tv-z]{26}$/);
});

test('its live picture is real H.264 with sound, and a second viewer joins without delay', async () => {
  const live = await owner.client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'main' } });
  const { mime, bytes } = await watch(live.urls.ws, 60);
  assert.match(mime, /^video\/mp4; codecs="avc1\.[0-9a-fA-F]{6}, ?mp4a\.40\.2"$/);
  const probed = await probe(bytes);
  assert.deepEqual([...probed.codecs].sort(), ['aac', 'h264']);
  assert.deepEqual([probed.width, probed.height], [1280, 720]);
  assert.ok(probed.frames >= 20, `${probed.frames} frames`);
  const second = await watch(live.urls.ws, 10);
  assert.ok((await probe(second.bytes)).frames >= 1);
  await owner.client.call('live.delete', { params: { sessionId: live.sessionId } });
});

test('an ended live session leaves its address useless', async () => {
  const live = await owner.client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'sub' } });
  await watch(live.urls.ws, 5);
  await owner.client.call('live.delete', { params: { sessionId: live.sessionId } });
  await assert.rejects(watch(live.urls.ws, 1));
});

test('the command line moves the head of the camera', async () => {
  const params = JSON.stringify({ channel: 1, action: 'absolute', position: { pan: 0.5, tilt: -0.25, zoom: 0 } });
  const args = [bin, 'device', 'command', deviceId, 'ptz.control', params, '--url', owner.url, '--token', owner.token];
  const { stdout } = await run(process.execPath, args);
  assert.equal((JSON.parse(stdout) as { state: string }).state, 'moving');
  await eventually('the head at its target', async () => {
    const { channels } = await owner.client.command(deviceId, 'device.getStatus', {});
    const position = channels[0]?.ptz?.position;
    return position !== undefined && Math.abs(position.pan - 0.5) < 0.01 && Math.abs(position.tilt + 0.25) < 0.01 ? true : undefined;
  });
});

test('a snapshot comes back as a JPEG', async () => {
  const { images } = await owner.client.command(deviceId, 'snapshot.capture', {
    taskId: '01KDVB6R8E0G2J4M6P8S1V3X5Z',
    channel: 1,
    inline: true,
  });
  const jpeg = Buffer.from(images[0]?.dataB64 ?? '', 'base64');
  assert.deepEqual([...jpeg.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  assert.equal(jpeg.length, images[0]?.sizeBytes);
});

test('what it recorded is stored, plays, and can be read in parts', async () => {
  const segment = await eventually('a stored video segment', async () => {
    const { items } = await owner.client.call('segment.list', { params: { id: deviceId } });
    return items[0];
  });
  const url = `${owner.url}/api/v1/segments/${segment.id}/media`;
  const authorization = `Bearer ${owner.token}`;
  const whole = new Uint8Array(await (await fetch(url, { headers: { authorization } })).arrayBuffer());
  assert.equal(whole.length, segment.sizeBytes);
  assert.equal(createHash('sha256').update(whole).digest('hex'), segment.sha256);
  const probed = await probe(whole);
  const seconds = (segment.endAt - segment.startAt) / 1000;
  assert.ok(Math.abs(probed.frames - seconds * 25) <= 2, `${probed.frames} frames in ${seconds} s`);
  const part = await fetch(url, { headers: { authorization, range: 'bytes=4-7' } });
  assert.equal(part.status, 206);
  assert.equal(await part.text(), 'ftyp');
  const { spans } = await owner.client.call('timeline.get', { params: { id: deviceId } });
  assert.ok(spans.some(({ kind, from, to }) => kind === 'video' && from <= segment.startAt + 1 && to >= segment.endAt - 1));
  const range = { channel: 1, from: segment.startAt, to: segment.endAt };
  const { urls: vod } = await owner.client.call('vod.create', { params: { id: deviceId }, body: range });
  assert.equal((await probe(new Uint8Array(await (await fetch(vod.clip)).arrayBuffer()))).frames, probed.frames);
});

test('the platform restarts and the camera comes back by itself, still bound', async () => {
  const { host } = new URL(owner.url);
  const before = Date.now();
  assert.equal(await platform.stop('SIGTERM'), 0);
  platform = serve(host);
  await platform.printed(/^Cardea is ready at (.+)$/);
  owner = await ownerAt(owner.url, owner.token);
  const device = await eventually('the device online again', async () => {
    const found = await owner.client.call('device.get', { params: { id: deviceId } });
    return found.state === 'online' && (found.lastSeenAt ?? 0) > before ? found : undefined;
  });
  assert.equal(device.id, deviceId);
  const live = await owner.client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'main' } });
  await watch(live.urls.ws, 20);
});

test('the command line keeps the camera from connecting, and lets it in again', async () => {
  const update = async (flag: string): Promise<{ readonly disabled?: boolean; readonly state: string }> => {
    const args = [bin, 'device', 'update', deviceId, flag, '--url', owner.url, '--token', owner.token];
    return JSON.parse((await run(process.execPath, args)).stdout);
  };
  const { disabled, state } = await update('--disable');
  assert.deepEqual({ disabled, state }, { disabled: true, state: 'offline' });
  await assert.rejects(owner.client.command(deviceId, 'device.getStatus', {}), { name: 'DEVICE_OFFLINE' });
  assert.equal((await update('--enable')).disabled, undefined);
});

test('the camera restarts and keeps its identity, its home and its recordings', async () => {
  const counted = (await owner.client.call('segment.list', { params: { id: deviceId } })).items.length;
  assert.equal(await agent.stop('SIGINT'), 0);
  await eventually('the device gone', async () => {
    const { state } = await owner.client.call('device.get', { params: { id: deviceId } });
    return state === 'online' ? undefined : state;
  });
  agent = runAgent();
  await eventually('the device online again', async () => {
    const { state } = await owner.client.call('device.get', { params: { id: deviceId } });
    return state === 'online' ? true : undefined;
  });
  const { items } = await owner.client.call('device.list');
  assert.deepEqual(
    items.map(({ id }) => id),
    [deviceId],
  );
  assert.ok((await owner.client.call('segment.list', { params: { id: deviceId } })).items.length >= counted);
});

test('a file made by ffmpeg is watched like any camera', async () => {
  const clip = join(directory, 'made by ffmpeg.mp4');
  await run('ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=320x240:rate=15',
    '-t',
    '6',
    '-c:v',
    'libx264',
    '-g',
    '30',
    clip,
  ]);
  const { code } = await owner.client.call('bindingCode.create', { params: { id: owner.homeId }, body: {} });
  await using file = new CardeaProcess([
    'device',
    'run',
    '--platform',
    owner.url,
    '--state',
    join(directory, 'file'),
    '--source',
    `file:${clip}`,
    '--binding-code',
    code,
  ]);
  const device = await eventually('the second device', async () => {
    const { items } = await owner.client.call('device.list');
    return items.find(({ id, state, capabilities }) => id !== deviceId && state === 'online' && capabilities !== undefined);
  });
  const live = await owner.client.call('live.create', { params: { id: device.id }, body: { channel: 1, stream: 'main' } });
  const probed = await probe((await watch(live.urls.ws, 45)).bytes);
  assert.deepEqual(probed.codecs, ['h264']);
  assert.deepEqual([probed.width, probed.height], [320, 240]);
  assert.equal(await file.stop('SIGTERM'), 0);
});
