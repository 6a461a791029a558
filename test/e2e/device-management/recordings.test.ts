import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiProblem } from '@cardea/api';
import { eventually } from '../eventually.ts';
import { probe } from '../probe.ts';
import { PlaybackViewer } from './playback-viewer.ts';
import { type System, startSystem } from './system.ts';

let system: System;
/** What the first test records. */
let span: { readonly startAt: number; readonly endAt: number; readonly fileId: string };

before(async () => {
  system = await startSystem();
  await send('config.set', { patch: { 'record.cloud.mode': 'off' } });
});

after(() => system[Symbol.asyncDispose]());

// biome-ignore lint/suspicious/noExplicitAny: answers are read as they come; their shapes are checked by the platform
async function send(method: Parameters<System['client']['command']>[1], params: object): Promise<any> {
  return await system.client.command(system.deviceId, method, params as never);
}

async function refused(method: Parameters<System['client']['command']>[1], params: object, code: number): Promise<void> {
  await assert.rejects(send(method, params), (error) => {
    assert.ok(error instanceof ApiProblem);
    assert.equal(error.code, code);
    return true;
  });
}

async function recorded(types: readonly string[]): Promise<typeof span | undefined> {
  const { spans } = await send('record.list', { channel: 1, fromAt: 0, toAt: Date.now() + 60_000, types });
  return spans.at(-1);
}

async function play(more: object = {}) {
  const { client, deviceId } = system;
  return await client.call('playback.create', { params: { id: deviceId }, body: { channel: 1, startAt: span.startAt, ...more } });
}

test('record.start and record.stop: a task is recorded on the disk of the device and at the platform, from one file', async () => {
  const { client, deviceId } = system;
  const { taskId } = await send('record.start', { channel: 1, target: 'both', reason: 'manual' });
  await refused('record.start', { channel: 1, target: 'local', reason: 'manual' }, 1008);
  await delay(11_000);
  const { stopped } = await send('record.stop', { taskId });
  assert.equal(stopped[0].taskId, taskId);
  await refused('record.stop', { taskId }, 1306);
  span = await eventually('the recording is on the disk', async () => {
    const found = await recorded(['manual']);
    return found !== undefined && found.endAt - found.startAt > 7_000 ? found : undefined;
  });
  await eventually('the recording is stored', async () => {
    const { items } = await client.call('segment.list', { params: { id: deviceId }, query: {} });
    return items.some(({ startAt, endAt }) => startAt >= span.startAt && endAt <= span.endAt) ? true : undefined;
  });
});

test('record.list: the owner sees what the device has on its disk', async () => {
  const { spans, oldestAt } = await send('record.list', { channel: 1, fromAt: span.startAt, toAt: span.endAt });
  assert.deepEqual([spans[0].startAt, spans[0].stream, spans[0].type], [span.startAt, 'main', 'manual']);
  assert.ok(oldestAt <= span.startAt);
  await refused('record.list', { channel: 7, fromAt: 0, toAt: 1 }, 1100);
});

test('disk.getInfo: the disk of the device, its size and what is on it', async () => {
  const { disks } = await send('disk.getInfo', {});
  assert.equal(disks.length, 1);
  assert.deepEqual([disks[0].diskId, disks[0].state, disks[0].totalBytes], [1, 'normal', 2 * 1024 ** 3]);
  assert.ok(disks[0].usedBytes > 100_000);
  await refused('disk.getInfo', { diskId: 4 }, 1300);
});

test('playback.start: a recording of the device is watched at the times it was recorded', async () => {
  const session = await play({ startAt: span.startAt + 1_000 });
  assert.ok(session.actualStartAt >= span.startAt && session.actualStartAt <= span.startAt + 1_000);
  await using viewer = await PlaybackViewer.open(session.urls.ws);
  await eventually('two seconds of pictures', async () => (viewer.pictures.length > 50 ? true : undefined));
  assert.equal(viewer.pictures[0]?.key, true);
  assert.ok(Math.abs((viewer.pictures[0]?.atMs ?? 0) - session.actualStartAt) <= 1);
  const { codecs, frames } = await probe(viewer.file);
  assert.ok(codecs.includes('h264') && codecs.includes('aac'));
  assert.ok(frames > 50);
  await send('playback.control', { sessionId: session.sessionId, action: 'stop' });
  await eventually('the viewer is told', async () => viewer.closeReason);
});

test('playback.control and playback.getStatus: pause, seek, resume, faster, to the end and back', async () => {
  const { sessionId, urls } = await play();
  const control = (action: string, more: object = {}) => send('playback.control', { sessionId, action, ...more });
  await using viewer = await PlaybackViewer.open(urls.ws);
  await eventually('pictures', async () => (viewer.pictures.length > 25 ? true : undefined));
  const paused = await control('pause');
  assert.equal(paused.state, 'paused');
  const count = viewer.pictures.length;
  const sought = await control('seek', { seekAt: span.startAt + 4_500 });
  assert.ok(sought.positionAt <= span.startAt + 4_500 && sought.positionAt > span.startAt + 2_000);
  await eventually('the picture it landed on', async () =>
    viewer.pictures.slice(count).some(({ atMs, key }) => key && Math.abs(atMs - sought.positionAt) <= 1) ? true : undefined,
  );
  await delay(500);
  assert.ok(viewer.pictures.length <= count + 2, 'paused');
  assert.equal((await control('resume')).state, 'playing');
  assert.equal((await control('speed', { speed: 4 })).speed, 4);
  await eventually('the end', async () => ((await send('playback.getStatus', { sessionId })).state === 'ended' ? true : undefined));
  const at = viewer.pictures.length;
  assert.equal((await control('seek', { seekAt: span.startAt })).positionAt, span.startAt);
  await eventually('pictures from the begin', async () =>
    viewer.pictures.slice(at).some(({ atMs }) => Math.abs(atMs - span.startAt) <= 1) ? true : undefined,
  );
  assert.equal((await control('stop')).state, 'stopped');
  await refused('playback.getStatus', { sessionId }, 1108);
});

test('playback.start as a plain command: the platform says where to push, and the user watches it as who they are', async () => {
  const { sessionId, state } = await send('playback.start', { channel: 1, startAt: span.startAt });
  assert.equal(state, 'starting');
  const url = `${system.url.replace('http', 'ws')}/playback/${sessionId}/ws`;
  await using viewer = await PlaybackViewer.open(url, { authorization: `Bearer ${system.owner.token}` });
  await eventually('pictures', async () => (viewer.pictures.length > 10 ? true : undefined));
  await assert.rejects(PlaybackViewer.open(url), /401/);
  await refused('playback.start', { channel: 1, startAt: Date.now() + 3_600_000 }, 1305);
  await send('playback.control', { sessionId, action: 'stop' });
});

test('record.sync: what the device has only on its disk is uploaded when the owner asks', async () => {
  const { client, deviceId } = system;
  const { taskId } = await send('record.start', { channel: 1, target: 'local', durationSec: 3, reason: 'manual' });
  const local = await eventually('a local recording', async () => {
    const found = await recorded(['manual']);
    return found !== undefined && found.startAt >= span.endAt ? found : undefined;
  });
  const range = { channel: 1, fromAt: local.startAt, toAt: local.endAt };
  const first = await send('record.sync', { taskId, ...range });
  assert.ok(first.segmentsTotal >= 1);
  const done = await eventually('the upload', async () => {
    const progress = await send('record.sync', { taskId, ...range });
    return progress.state === 'done' ? progress : undefined;
  });
  assert.equal(done.segmentsDone, first.segmentsTotal);
  const { items } = await client.call('segment.list', { params: { id: deviceId }, query: {} });
  assert.ok(items.some(({ startAt }) => startAt === local.startAt));
});

test('disk.format: the owner erases the disk, hears of it, and the device records again', async () => {
  const { client } = system;
  await refused('disk.format', { diskId: 9, confirm: true }, 1300);
  const answer = await send('disk.format', { diskId: 1, confirm: true });
  assert.equal(answer.state, 'formatting');
  await eventually('the alarm', async () => {
    const { items } = await client.call('event.list', { query: {} });
    return items.some(({ type }) => type === 'diskFormatted') ? true : undefined;
  });
  assert.equal(await recorded(['manual', 'continuous', 'event']), undefined);
  assert.equal((await send('disk.getInfo', {})).disks[0].state, 'normal');
  const { taskId } = await send('record.start', { channel: 1, target: 'local', reason: 'manual' });
  await eventually('something on the disk again', () => recorded(['manual']));
  await send('record.stop', { channel: 1, taskId });
});
