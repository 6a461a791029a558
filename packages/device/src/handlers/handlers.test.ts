import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { jpegSize } from '@cardea/media';
import type { Json } from '../stub-platform/stub-vd.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

const TASK = '01KDVB6R8E0G2J4M6P8S1V3X5Z';

/** A bound device that records nothing, so that only messages flow. */
async function quietBench(): Promise<TestBench> {
  const bench = await TestBench.open();
  bench.platform.video.plan = { active: false, kind: 'none', retainDays: 0 };
  await bench.onlineAgent();
  return bench;
}

function ask(bench: TestBench, method: string, params: Json): Promise<Json> {
  return bench.platform.device.request(method, params);
}

function ticket(bench: TestBench, number: number): Json {
  return {
    ticketId: '01KDVB6R8ET7W9Z2C4F6H8K1N3',
    method: 'PUT',
    url: `${bench.platform.url}/pictures/${number}`,
    expiresAt: bench.clock.now() + 60_000,
  };
}

test('a device announces what it answers, and answers everything it announces', async () => {
  await using bench = await quietBench();
  const { result } = await ask(bench, 'capability.get', {});
  const { device } = bench.platform;
  assert.equal(result.profile, 'hss-open-1');
  assert.equal(result.hash, device.all('device.keepAlive')[0]?.params.info.capHash);
  for (const method of result.methods) assert.notEqual((await device.request(method, {})).error?.code, 1003, method);
  assert.equal((await device.request('no.such', {})).error.code, -32601);
  const [channel] = result.channels;
  assert.deepEqual(
    channel.video.map(({ stream, resolutions }: Json) => [stream, resolutions]),
    [
      ['main', [[1_280, 720]]],
      ['sub', [[640, 360]]],
    ],
  );
  assert.deepEqual(channel.live.protocols, ['wss-fmp4']);
  assert.ok(channel.ptz.maxPresets >= 8);
});

test('a picture is put at its ticket, in the size that was asked for', async () => {
  await using bench = await quietBench();
  const { result } = await ask(bench, 'snapshot.capture', {
    taskId: TASK,
    channel: 1,
    width: 320,
    height: 180,
    uploads: [ticket(bench, 1)],
  });
  const [image] = result.images;
  const [jpeg] = bench.platform.video.pictures;
  assert.ok(jpeg);
  assert.deepEqual(jpegSize(jpeg), { width: 320, height: 180 });
  assert.deepEqual(image, {
    index: 0,
    capturedAt: bench.clock.now(),
    width: 320,
    height: 180,
    sizeBytes: jpeg.length,
    sha256: createHash('sha256').update(jpeg).digest('hex'),
    status: 'uploaded',
  });
});

test('a repeated request brings the first pictures and takes none', async () => {
  await using bench = await quietBench();
  const params = { taskId: TASK, channel: 1, uploads: [ticket(bench, 1)] };
  const first = await ask(bench, 'snapshot.capture', params);
  await bench.pass(2_000);
  const again = await ask(bench, 'snapshot.capture', params);
  assert.deepEqual(again.result, first.result);
  assert.equal(bench.platform.video.pictures.length, 1);
});

test('a picture in the answer fits into it, with less quality if it has to be', async () => {
  await using bench = await quietBench();
  const { result } = await ask(bench, 'snapshot.capture', { taskId: TASK, channel: 1, inline: true, quality: 100 });
  const jpeg = Buffer.from(result.images[0].dataB64, 'base64');
  assert.equal(result.images[0].status, 'inline');
  assert.ok(jpeg.length <= 32_768 && jpeg.length === result.images[0].sizeBytes);
  assert.ok(jpegSize(jpeg));
});

test('snapshot.capture: a series keeps its distance, and a picture whose ticket ran out (1603) does not spoil the others', async () => {
  await using bench = await quietBench();
  bench.platform.video.onRequest = (what, { path }) => (what === 'picture' && path.endsWith('/2') ? { status: 403 } : undefined);
  const uploads = [ticket(bench, 1), ticket(bench, 2), ticket(bench, 3)];
  const capture = ask(bench, 'snapshot.capture', { taskId: TASK, channel: 1, stream: 'sub', count: 3, intervalMs: 500, uploads });
  let answer: Json | undefined;
  void capture.then((value) => {
    answer = value;
  });
  await bench.within(120_000, () => answer !== undefined, 'the answer');
  const images: Json[] = answer?.result.images;
  assert.deepEqual(
    images.map(({ status, error }) => [status, error]),
    [
      ['uploaded', undefined],
      ['failed', 1603],
      ['uploaded', undefined],
    ],
  );
  assert.ok((images[2]?.capturedAt ?? 0) - (images[0]?.capturedAt ?? 0) >= 1_000);
});

test('pictures without a place to put them, of nothing, or in privacy are refused', async () => {
  await using bench = await quietBench();
  assert.equal((await ask(bench, 'snapshot.capture', { taskId: TASK, channel: 1 })).error.code, -32602);
  assert.equal((await ask(bench, 'snapshot.capture', { taskId: TASK, channel: 9, inline: true })).error.code, 1100);
  await ask(bench, 'config.set', { patch: { 'privacy.mode': 'on' } });
  assert.equal((await ask(bench, 'snapshot.capture', { taskId: TASK, channel: 1, inline: true })).error.code, 1012);
  assert.equal((await ask(bench, 'ptz.control', { channel: 1, action: 'gotoHome' })).error.code, 1012);
  assert.equal((await ask(bench, 'alarm.trigger', { channel: 1, alarmType: 'motion' })).error.code, 1012);
});

test('the head is moved over the network, shows its position in the status, and stops by itself', async () => {
  await using bench = await quietBench();
  const { result } = await ask(bench, 'ptz.control', { channel: 1, action: 'continuous', velocity: { pan: 1 }, timeoutMs: 500 });
  assert.equal(result.state, 'moving');
  const ptz = async (): Promise<Json> => (await ask(bench, 'device.getStatus', {})).result.channels[0].ptz;
  await bench.pass(300);
  assert.equal((await ptz()).state, 'moving');
  await bench.pass(10_000);
  assert.deepEqual(await ptz(), { state: 'idle', position: { pan: 0.2, tilt: 0, zoom: 0 } });
  await ask(bench, 'ptz.control', { channel: 1, action: 'setPreset', presetId: 2, name: 'Gate' });
  const presets = (await ask(bench, 'ptz.getPresets', { channel: 1 })).result;
  assert.deepEqual(
    presets.presets.map(({ presetId, name }: Json) => [presetId, name]),
    [[2, 'Gate']],
  );
  assert.equal((await ask(bench, 'ptz.control', { channel: 2, action: 'stop' })).error.code, 1100);
});

test('configuration is read by prefix, changed as a whole or in part, and numbered', async () => {
  await using bench = await quietBench();
  const all = (await ask(bench, 'config.get', {})).result;
  assert.equal(all.config['device.name'], 'Front door');
  assert.equal(all.config['record.cloud.mode'], 'continuous');
  const record = (await ask(bench, 'config.get', { channel: 1, keys: ['record'] })).result.config;
  assert.deepEqual(Object.keys(record).toSorted(), [
    'record.cloud.audio',
    'record.cloud.mode',
    'record.cloud.postRollSec',
    'record.cloud.preRollSec',
    'record.cloud.schedule',
    'record.cloud.streams',
    'record.encryption.mode',
    'record.encryption.recipients',
    'record.local.audio',
    'record.local.mode',
    'record.local.overwrite',
    'record.local.postRollSec',
    'record.local.preRollSec',
    'record.local.schedule',
  ]);
  const set = (params: Json): Promise<Json> => ask(bench, 'config.set', params);
  assert.deepEqual((await set({ patch: { 'device.name': 'Porch' } })).result, { version: all.version + 1, applied: ['device.name'] });
  const unknown = (await set({ patch: { 'device.name': 'Gate', 'device.colour': 'red' } })).error;
  assert.equal(unknown.code, 1500);
  assert.equal(unknown.data.details.key, 'device.colour');
  assert.equal((await set({ patch: { 'record.cloud.mode': 'sometimes' } })).error.code, 1502);
  assert.equal((await set({ patch: { 'device.timezone': 'Mars/Olympus' } })).error.code, 1502);
  assert.equal((await set({ ifVersion: all.version, patch: { 'device.name': 'Gate' } })).error.code, 1503);
  assert.equal((await set({ channel: 3, patch: { 'privacy.mode': 'on' } })).error.code, 1100);
  const partly = (await set({ atomic: false, patch: { 'device.name': 'Gate', 'device.colour': 'red' } })).result;
  assert.deepEqual(partly.applied, ['device.name']);
  assert.equal(partly.rejected[0].code, 1500);
  assert.equal((await ask(bench, 'config.get', { keys: ['nothing'] })).error.code, 1500);
  assert.equal((await ask(bench, 'config.get', { keys: ['device.name'] })).result.config['device.name'], 'Gate');
});

test('configuration is there after a restart, and a reset brings the defaults back', async () => {
  await using bench = await TestBench.open();
  const first = await bench.onlineAgent();
  await ask(bench, 'config.set', { patch: { 'device.name': 'Porch', 'record.cloud.preRollSec': 7 } });
  await first[Symbol.asyncDispose]();
  await bench.onlineAgent();
  const before = (await ask(bench, 'config.get', {})).result;
  assert.equal(before.config['device.name'], 'Porch');
  const { version } = (await ask(bench, 'config.reset', { scope: 'keys', keys: ['record.cloud.preRollSec'] })).result;
  assert.ok(version > before.version);
  const after = (await ask(bench, 'config.get', {})).result.config;
  assert.equal(after['record.cloud.preRollSec'], 5);
  assert.equal(after['device.name'], 'Porch');
  assert.equal(
    (await ask(bench, 'config.reset', { scope: 'factory' })).error.code,
    -32602,
    'not without giving up the binding in so many words',
  );
});

test('a factory reset makes the device nobody’s and sends it to be paired', async () => {
  await using bench = await TestBench.open();
  const agent = await bench.onlineAgent();
  assert.ok((await ask(bench, 'config.reset', { scope: 'factory', keepBinding: false })).result);
  bench.platform.bound = false;
  await bench.within(15_000, () => bench.platform.vd.length === 2, 'connected again');
  assert.equal(agent.bound, false);
  assert.equal(bench.platform.schedules.at(-1)?.body.reason, 'pairing');
});

test('the time of the device is told with the moments it was asked and answered', async () => {
  await using bench = await quietBench();
  await ask(bench, 'time.set', { utcAt: bench.clock.now() + 10_000, timezone: 'Europe/Berlin', source: 'ntp' });
  const { result } = await ask(bench, 'time.get', { serverSentAt: bench.clock.now() });
  assert.equal(result.utcAt, bench.clock.now() + 10_000);
  assert.equal(result.source, 'ntp');
  assert.equal(result.timezone, 'Europe/Berlin');
  assert.ok(result.deviceRecvAt <= result.deviceSentAt);
  assert.equal((await ask(bench, 'time.set', { utcAt: 1_000 })).error.code, 1502);
});

test('a device on mains grants every wish to stay awake', async () => {
  await using bench = await quietBench();
  const { result } = await ask(bench, 'power.keepAwake', { durationSec: 60, reason: 'live' });
  assert.deepEqual(result, { awakeUntil: bench.clock.now() + 60_000, grantedSec: 60 });
});
