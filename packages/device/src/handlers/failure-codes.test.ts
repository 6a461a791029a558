import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { AppError } from '@cardea/core';
import type { BatteryState } from '@cardea/protocol';
import type { Camera } from '../camera.ts';
import { ImageServer } from '../stub-platform/image-server.ts';
import type { Json } from '../stub-platform/stub-vd.ts';
import { TestBench } from '../stub-platform/test-bench.ts';

const TASK = '01KDVB6R8E0G2J4M6P8S1V3X5Z';
const OTHER_TASK = '01KDVB6R8E0G2J4M6P8S1V3X60';
const SESSION = '01KDVBA3H5K7N9Q2T4W6Y8B0D1';
const START_AT = 1_767_225_600_000;
const RANGE = { channel: 1, fromAt: START_AT, toAt: START_AT + 60_000 };

/** A bound device without a storage plan that records nothing. */
let quiet: TestBench;

before(async () => {
  quiet = await quietBench();
  await quiet.until(() => quiet.platform.video.infoRequests > 0, 'the plan is known');
});
after(() => quiet[Symbol.asyncDispose]());

async function quietBench(alter: (camera: Camera) => Camera = (camera) => camera): Promise<TestBench> {
  await using stack = new AsyncDisposableStack();
  const bench = stack.use(await TestBench.open());
  bench.platform.video.plan = { active: false, kind: 'none', retainDays: 0 };
  await bench.onlineAgent({ camera: alter(await bench.camera()) });
  stack.move();
  return bench;
}

/** Each message is refused with `code`. */
async function assertRefused(
  bench: TestBench,
  code: number,
  messages: readonly (readonly [method: string, params: Json])[],
): Promise<void> {
  for (const [method, params] of messages) {
    const { error, result } = await bench.platform.device.request(method, params);
    assert.equal(error?.code, code, `${method}: ${JSON.stringify(error ?? result)}`);
  }
}

const task = (more: Json = {}): Json => ({ taskId: TASK, channel: 1, target: 'local', reason: 'manual', ...more });
const playback = (bench: TestBench, more: Json = {}): Json => {
  return { sessionId: SESSION, channel: 1, startAt: START_AT, target: bench.platform.livePush(SESSION).target, ...more };
};
const push = (bench: TestBench, more: Json = {}): Json => bench.platform.livePush(SESSION, more);

test('channel.reboot, live.push, record.start, record.stop, record.list, record.sync, playback.start: no such channel, 1100', async () => {
  const channel = 9;
  await assertRefused(quiet, 1100, [
    ['channel.reboot', { channel }],
    ['live.push', push(quiet, { channel })],
    ['record.start', task({ channel })],
    ['record.stop', { channel }],
    ['record.list', { ...RANGE, channel }],
    ['record.sync', { taskId: TASK, ...RANGE, channel }],
    ['playback.start', playback(quiet, { channel })],
  ]);
});

test('ptz.control, ptz.getPresets, config.get, config.set, config.reset, snapshot.capture, alarm.trigger: no such channel, 1100', async () => {
  const channel = 9;
  await assertRefused(quiet, 1100, [
    ['ptz.control', { channel, action: 'stop' }],
    ['ptz.getPresets', { channel }],
    ['config.get', { channel }],
    ['config.set', { channel, patch: { 'privacy.mode': 'off' } }],
    ['config.reset', { channel, scope: 'soft' }],
    ['snapshot.capture', { taskId: TASK, channel, inline: true }],
    ['alarm.trigger', { channel, alarmType: 'motion' }],
  ]);
});

test('live.push, record.start: no such stream, 1101', async () => {
  await assertRefused(quiet, 1101, [
    ['live.push', push(quiet, { stream: 'third' })],
    ['record.start', task({ stream: 'third' })],
  ]);
});

test('snapshot.capture: each picture says why there is none, 1101 for no such stream', async () => {
  const { result } = await quiet.platform.device.request('snapshot.capture', {
    taskId: OTHER_TASK,
    channel: 1,
    stream: 'third',
    inline: true,
  });
  assert.deepEqual([result.images[0].status, result.images[0].error], ['failed', 1101]);
});

test('live.push, playback.start: an address that may not be used any more, 1105', async () => {
  const target = { ...push(quiet).target, expiresAt: quiet.clock.now() };
  await assertRefused(quiet, 1105, [
    ['live.push', push(quiet, { target })],
    ['playback.start', playback(quiet, { target })],
  ]);
});

test('live.push: another coding than the camera makes, 1106', async () => {
  await assertRefused(quiet, 1106, [['live.push', push(quiet, { video: { codec: 'av1' } })]]);
});

test('live.requestKeyframe, playback.control, playback.getStatus: no such session, 1108', async () => {
  const sessionId = SESSION;
  await assertRefused(quiet, 1108, [
    ['live.requestKeyframe', { sessionId }],
    ['playback.control', { sessionId, action: 'pause' }],
    ['playback.getStatus', { sessionId }],
  ]);
});

test('disk.getInfo, disk.format, record.list: no such disk, 1300', async () => {
  await assertRefused(quiet, 1300, [
    ['disk.getInfo', { diskId: 2 }],
    ['disk.format', { taskId: TASK, diskId: 2, confirm: true }],
    ['record.list', { ...RANGE, diskId: 2 }],
  ]);
});

test('playback.start: nothing was recorded then, 1305, or it cannot be that fast, 1307', async () => {
  await assertRefused(quiet, 1305, [['playback.start', playback(quiet)]]);
  await assertRefused(quiet, 1307, [['playback.start', playback(quiet, { speed: 16 })]]);
});

test('record.stop: nothing is being recorded, 1306', async () => {
  await assertRefused(quiet, 1306, [['record.stop', {}]]);
});

test('record.start, record.sync: without a plan nothing is stored, 1800', async () => {
  await assertRefused(quiet, 1800, [
    ['record.start', task({ target: 'cloud' })],
    ['record.sync', { taskId: TASK, ...RANGE }],
  ]);
});

test('config.get, config.set, config.reset: no such key, 1500', async () => {
  await assertRefused(quiet, 1500, [
    ['config.get', { keys: ['colour'] }],
    ['config.set', { patch: { colour: 'red' } }],
    ['config.reset', { scope: 'keys', keys: ['colour'] }],
  ]);
});

test('config.set, config.reset: a key that can only be read, 1501', async () => {
  await assertRefused(quiet, 1501, [
    ['config.set', { patch: { 'video.main.fps': 5 } }],
    ['config.reset', { scope: 'keys', keys: ['video.main.fps'] }],
  ]);
});

test('config.set, time.set: a value that is none, 1502', async () => {
  await assertRefused(quiet, 1502, [
    ['config.set', { patch: { 'record.cloud.preRollSec': 31 } }],
    ['time.set', { utcAt: 1_000 }],
    ['time.set', { utcAt: START_AT, timezone: 'Mars/Base' }],
  ]);
});

test('config.set: somebody else was faster, 1503', async () => {
  await assertRefused(quiet, 1503, [['config.set', { ifVersion: 1_000, patch: { 'device.name': 'Porch' } }]]);
});

test('config.reset: everything goes back to its default as one version', async () => {
  const { device } = quiet.platform;
  const { version } = (await device.request('config.set', { patch: { 'record.cloud.preRollSec': 7 } })).result;
  assert.equal((await device.request('config.reset', { scope: 'soft' })).result.version, version + 1);
});

test('live.push, record.start, ptz.control, snapshot.capture, alarm.trigger: nobody looks in privacy mode, 1012', async () => {
  const { device } = quiet.platform;
  await device.request('config.set', { patch: { 'privacy.mode': 'on' } });
  await assertRefused(quiet, 1012, [
    ['live.push', push(quiet)],
    ['record.start', task()],
    ['ptz.control', { channel: 1, action: 'gotoHome' }],
    ['snapshot.capture', { taskId: TASK, channel: 1, inline: true }],
    ['alarm.trigger', { channel: 1, alarmType: 'motion' }],
  ]);
  await device.request('config.set', { patch: { 'privacy.mode': 'off' } });
});

test('live.push: more sessions than the camera can serve, 1107', async () => {
  const { device } = quiet.platform;
  const { maxSessions } = (await device.request('capability.get', {})).result.channels[0].live;
  const session = (number: number): Json => quiet.platform.livePush(`01KDVBA3H5K7N9Q2T4W6Y8B0D${number}`);
  for (let number = 0; number < maxSessions; number += 1) assert.ok((await device.request('live.push', session(number))).result);
  await assertRefused(quiet, 1107, [['live.push', session(maxSessions)]]);
  await device.request('live.stop', {});
});

test('ptz.control, ptz.getPresets, snapshot.capture: a camera that has neither head nor pictures refuses with 1003', async () => {
  await using bench = await quietBench((camera) => ({
    ...camera,
    channels: camera.channels.map(({ head: _, takePicture: __, ...channel }) => channel),
  }));
  await assertRefused(bench, 1003, [
    ['ptz.control', { channel: 1, action: 'stop' }],
    ['ptz.getPresets', { channel: 1 }],
    ['snapshot.capture', { taskId: TASK, channel: 1, inline: true }],
  ]);
});

test('snapshot.capture: a picture that could not be taken says 1602', async () => {
  const takePicture = (): Promise<never> => Promise.reject(new AppError('CAPTURE_FAILED'));
  await using bench = await quietBench((camera) => ({
    ...camera,
    channels: camera.channels.map((channel) => ({ ...channel, takePicture })),
  }));
  const { result } = await bench.platform.device.request('snapshot.capture', { taskId: TASK, channel: 1, inline: true });
  assert.deepEqual([result.images[0].status, result.images[0].error], ['failed', 1602]);
});

test('live.push, record.start, record.sync, playback.start, power.keepAwake, firmware.upgrade: an empty battery refuses with 1011', async () => {
  const empty: BatteryState = { present: true, levelPct: 2, level: 'critical', charge: 'notCharging', source: 'battery' };
  await using images = await ImageServer.start();
  await using bench = await quietBench((camera) => ({ ...camera, power: () => empty }));
  await assertRefused(bench, 1011, [
    ['live.push', push(bench)],
    ['record.start', task()],
    ['record.sync', { taskId: TASK, ...RANGE }],
    ['playback.start', playback(bench)],
    ['power.keepAwake', { durationSec: 30, reason: 'live' }],
    ['firmware.upgrade', images.offer(TASK, '9.0.0', Buffer.from('image'))],
  ]);
});

test('record.start, record.list, record.sync, playback.start: a disk that fails refuses with 1301', async () => {
  await using bench = await quietBench();
  const { device } = bench.platform;
  const ring = join(bench.stateDirectory, 'ring');
  await rename(ring, `${ring}-away`);
  await writeFile(ring, 'in the way');
  await device.request('record.start', task());
  const failed = (): boolean => device.all('alarm.notify').some(({ params }) => params.alarmType === 'diskError');
  await bench.within(60_000, failed, 'the disk fails');
  await assertRefused(bench, 1301, [
    ['record.start', task({ taskId: OTHER_TASK })],
    ['record.list', RANGE],
    ['record.sync', { taskId: TASK, ...RANGE }],
    ['playback.start', playback(bench)],
  ]);
});

test('record.start, record.list, record.sync, playback.start: a half erased disk refuses with 1304', async () => {
  await using bench = await TestBench.open();
  const first = await bench.onlineAgent();
  await first[Symbol.asyncDispose]();
  await writeFile(join(bench.stateDirectory, 'ring', 'erasing'), '');
  await bench.onlineAgent();
  await assertRefused(bench, 1304, [
    ['record.start', task()],
    ['record.list', RANGE],
    ['record.sync', { taskId: TASK, ...RANGE }],
    ['playback.start', playback(bench)],
  ]);
});

test('playback.start: a media server that refuses shows in the status of the session as 1104', async () => {
  await using bench = await quietBench();
  const { device } = bench.platform;
  await device.request('record.start', task());
  await bench.pass(12_000);
  await device.request('record.stop', { taskId: TASK });
  bench.platform.onPush = (push) => ({ type: 'error', sessionId: push.sessionId, code: 1104, message: 'no' });
  const startAt = await poll(bench, async () => (await device.request('record.list', RANGE)).result.spans[0]?.startAt);
  assert.equal((await device.request('playback.start', playback(bench, { startAt }))).result.state, 'starting');
  const { code } = await poll(bench, async () => (await device.request('playback.getStatus', { sessionId: SESSION })).result.error);
  assert.equal(code, 1104);
});

/** What `ask` finds, once it finds something. */
async function poll<T>(bench: TestBench, ask: () => Promise<T | undefined>): Promise<T> {
  for (let passedMs = 0; passedMs < 20_000; passedMs += 200) {
    const found = await ask();
    if (found !== undefined) return found;
    await bench.pass(200);
  }
  assert.fail('nothing was found within 20 s');
}
