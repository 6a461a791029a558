import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatteryState, WakeService } from '@cardea/protocol';
import type { Camera } from './camera.ts';
import { type ConfigKeyName, configKeys } from './config-keys.ts';
import type { Json } from './stub-platform/stub-vd.ts';
import { TestBench } from './stub-platform/test-bench.ts';

/** Sets a key over the network and finds that the device does something else than before. */
type Effect = (key: ConfigKeyName) => Promise<void>;

const START_AT = 1_767_225_600_000;
const ALL = { channel: 1, fromAt: START_AT - 60_000, toAt: START_AT + 86_400_000 };
const SESSION = '01KDVBA3H5K7N9Q2T4W6Y8B0D1';
const whole = [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
];
const onBattery: BatteryState = { present: true, levelPct: 40, charge: 'notCharging', source: 'battery' };

const nobodyThere: WakeService = {
  host: '127.0.0.1',
  port: 9,
  transport: 'tcp',
  authB64: '',
  heartbeatB64: '',
  wakeB64: '',
  heartbeatSec: 60,
};

/** A device of a home that records nothing by itself, and how to talk to it. */
class Rig implements AsyncDisposable {
  readonly bench: TestBench;
  /** How much larger than usual the coded pictures of the `sub` stream are; without it they are what the camera makes. */
  motion: number | undefined;

  private constructor(bench: TestBench) {
    this.bench = bench;
  }

  static async open(patch: Json = {}, power?: BatteryState): Promise<Rig> {
    await using stack = new AsyncDisposableStack();
    const bench = stack.use(await TestBench.open());
    const rig = new Rig(bench);
    bench.platform.onVd = (vd) => {
      for (const event of ['alarm.notify', 'config.changed', 'live.changed', 'power.batteryChanged', 'power.sleeping'])
        vd.answers[event] = () => ({ received: true });
      vd.answers['server.getInfo'] = () => ({
        serverId: 'stub',
        serverTime: bench.clock.now(),
        version: '1',
        services: { wake: nobodyThere },
        limits: { maxMessageBytes: 65_536, maxSegmentBytes: 1_000_000, eventsPerMin: 120 },
        features: [],
      });
    };
    const camera = rig.withMotion(await bench.camera());
    await bench.onlineAgent({ camera: power === undefined ? camera : { ...camera, power: () => power } });
    await rig.set({ 'record.cloud.mode': 'off', ...patch });
    stack.move();
    return rig;
  }

  async ask(method: string, params: Json = {}): Promise<Json> {
    const { result, error } = await this.bench.platform.device.request(method, params);
    assert.equal(error, undefined, `${method}: ${JSON.stringify(error)}`);
    return result;
  }

  async set(patch: Json): Promise<void> {
    await this.ask('config.set', { patch });
  }

  alarms(state: string): readonly Json[] {
    return this.bench.platform.device
      .all('alarm.notify')
      .map(({ params }) => params)
      .filter(({ alarmType, ...rest }) => alarmType === 'motion' && rest.state === state);
  }

  /** An alarm of a second; resolves with what is recorded of it on the disk. */
  async recordedAlarm(): Promise<Json> {
    await this.ask('alarm.trigger', { channel: 1, alarmType: 'person', durationSec: 1 });
    return await this.recorded('event');
  }

  /** The first span of a kind on the disk, once there is one. */
  async recorded(type: string): Promise<Json> {
    for (let passedMs = 0; passedMs < 60_000; passedMs += 1_000) {
      await this.bench.pass(1_000);
      const { spans } = await this.ask('record.list', { ...ALL, types: [type] });
      if (spans.length > 0) return spans[0];
    }
    assert.fail('nothing was recorded');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }

  private withMotion(camera: Camera): Camera {
    const usual = 200;
    const channels = camera.channels.map(({ head: _, ...channel }) => ({
      ...channel,
      streams: channel.streams.map((stream): typeof stream => ({
        ...stream,
        read: (receiver, options) => {
          const unit: typeof receiver.unit = (one) =>
            receiver.unit(stream.name === 'sub' && this.motion !== undefined ? { ...one, data: new Uint8Array(usual * this.motion) } : one);
          return stream.read({ begin: (run) => receiver.begin(run), unit }, options);
        },
      })),
    }));
    return { ...camera, channels };
  }
}

/** A device that senses motion by the sizes of coded pictures, which a test sets; what is usual is known already. */
async function sensing(patch: Json = {}): Promise<Rig> {
  await using stack = new AsyncDisposableStack();
  const rig = stack.use(await Rig.open({ 'detect.motion.decode': false, 'detect.motion.blindSec': 0, ...patch }));
  rig.motion = 1;
  await rig.set({ 'detect.motion.enabled': true });
  await rig.bench.pass(6_000);
  stack.move();
  return rig;
}

const onDisk = { 'record.local.mode': 'event', 'record.local.preRollSec': 0, 'record.local.postRollSec': 0 };

/** What the platform is told of an alarm of a second that is recorded for it. */
async function storedAlarm(patch: Json): Promise<{ readonly create: Json; readonly confirm: Json; readonly alarmAt: number }> {
  await using rig = await Rig.open({ 'record.cloud.mode': 'event', 'record.cloud.preRollSec': 0, 'record.cloud.postRollSec': 0, ...patch });
  const { bench } = rig;
  await bench.pass(8_000);
  const alarmAt = bench.clock.now();
  await rig.ask('alarm.trigger', { channel: 1, alarmType: 'person', durationSec: 1 });
  const { video } = bench.platform;
  await bench.within(60_000, () => video.stored.some(({ create }) => create.kind === 'event'), 'the alarm is stored');
  await bench.pass(12_000);
  const events = video.stored.filter(({ create }) => create.kind === 'event');
  const [first, last] = [events.at(0), events.at(-1)];
  assert.ok(first !== undefined && last?.confirm !== undefined);
  return { create: first.create, confirm: last.confirm, alarmAt };
}

/** Within a second: a group of pictures. */
function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1_100, `${actual - expected} ms off`);
}

const effects: Readonly<Record<ConfigKeyName, Effect>> = {
  'device.name': async (key) => {
    await using rig = await Rig.open({ [key]: 'Porch' });
    assert.equal((await rig.ask('capability.get')).channels[0].name, 'Porch');
  },
  'device.timezone': async (key) => {
    await using rig = await Rig.open({ [key]: 'Europe/Lisbon' });
    assert.equal((await rig.ask('time.get', { serverSentAt: START_AT })).timezone, 'Europe/Lisbon');
  },
  'privacy.mode': async (key) => {
    await using rig = await Rig.open();
    const { bench } = rig;
    await rig.ask('live.push', bench.platform.livePush(SESSION));
    await bench.until(() => (bench.platform.pushes[0]?.texts.length ?? 0) > 0, 'a push');
    await rig.set({ [key]: 'on' });
    await bench.within(5_000, () => bench.platform.pushes[0]?.texts.at(-1)?.reason === 'privacy', 'it ends');
  },
  'record.local.mode': async (key) => {
    await using rig = await Rig.open({ [key]: 'continuous' });
    assert.equal((await rig.recorded('continuous')).type, 'continuous');
  },
  'record.local.preRollSec': async (key) => {
    await using rig = await Rig.open({ ...onDisk, [key]: 6 });
    await rig.bench.pass(8_000);
    const alarmAt = rig.bench.clock.now();
    assertNear((await rig.recordedAlarm()).startAt, alarmAt - 6_000);
  },
  'record.local.schedule': async (key) => {
    await using rig = await Rig.open({ 'record.local.mode': 'schedule', [key]: [{ days: [4], startSec: 0, endSec: 3_600 }] });
    await rig.bench.pass(30_000);
    assert.equal((await rig.ask('record.list', ALL)).spans[0]?.type, 'continuous');
  },
  'record.local.postRollSec': async (key) => {
    await using rig = await Rig.open({ ...onDisk, [key]: 7 });
    const alarmAt = rig.bench.clock.now();
    const { startAt } = await rig.recordedAlarm();
    await rig.bench.pass(12_000);
    const { spans } = await rig.ask('record.list', { ...ALL, fromAt: startAt });
    assertNear(spans.at(-1).endAt, alarmAt + 8_000);
  },
  'record.local.audio': async (key) => {
    await using rig = await Rig.open({ 'record.local.mode': 'continuous', 'record.cloud.mode': 'continuous', [key]: false });
    const { video } = rig.bench.platform;
    await rig.bench.within(40_000, () => video.segments.some(({ create }) => create.audio === false), 'a segment without sound');
  },
  'record.local.overwrite': async (key) => {
    await using rig = await Rig.open({ [key]: false });
    assert.equal((await rig.ask('disk.getInfo')).disks[0].overwrite, false);
  },
  'record.cloud.mode': async (key) => {
    await using rig = await Rig.open({ [key]: 'continuous' });
    const { video } = rig.bench.platform;
    await rig.bench.within(20_000, () => video.stored.some(({ create }) => create.kind === 'continuous'), 'a stored segment');
  },
  'record.cloud.schedule': async (key) => {
    await using rig = await Rig.open({ 'record.cloud.mode': 'schedule', [key]: [{ days: [4], startSec: 0, endSec: 3_600 }] });
    const { video } = rig.bench.platform;
    await rig.bench.within(20_000, () => video.stored.some(({ create }) => create.kind === 'continuous'), 'a stored segment');
  },
  'record.cloud.streams': async (key) => {
    await using rig = await Rig.open({ 'record.cloud.mode': 'continuous', [key]: 'all' });
    const { video } = rig.bench.platform;
    const isStored = (stream: string): boolean => video.stored.some(({ create }) => create.stream === stream);
    await rig.bench.within(20_000, () => isStored('main') && isStored('sub'), 'a stored segment of both streams');
  },
  'record.cloud.preRollSec': async (key) => {
    const { create, alarmAt } = await storedAlarm({ [key]: 6 });
    assertNear(create.startAt, alarmAt - 6_000);
  },
  'record.cloud.postRollSec': async (key) => {
    const { confirm, alarmAt } = await storedAlarm({ [key]: 7 });
    assertNear(confirm.endAt, alarmAt + 8_000);
  },
  'record.cloud.audio': async (key) => {
    const { create } = await storedAlarm({ [key]: false });
    assert.equal(create.audio, false);
  },
  'record.encryption.mode': async (key) => {
    await using rig = await Rig.open({ [key]: 'on', 'record.local.mode': 'continuous' });
    await rig.bench.pass(12_000);
    assert.deepEqual((await rig.ask('record.list', ALL)).spans, [], 'for nobody nothing is recorded');
  },
  'record.encryption.recipients': async (key) => {
    const publicKey = 'B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9_AsrhtHHw';
    await using rig = await Rig.open({ 'record.encryption.mode': 'on', 'record.local.mode': 'continuous', [key]: [publicKey] });
    const { fileId, startAt } = await rig.recorded('continuous');
    assert.ok(fileId && startAt);
  },
  'detect.motion.enabled': async (key) => {
    await using rig = await sensing();
    rig.motion = 8;
    await rig.bench.within(5_000, () => rig.alarms('start').length === 1, 'motion is sensed');
    await rig.set({ [key]: false });
    await rig.bench.within(5_000, () => rig.alarms('stop').length === 1, 'the alarm ends');
  },
  'detect.motion.sensitivity': async (key) => {
    await using rig = await sensing({ [key]: 1 });
    rig.motion = 2;
    await rig.bench.pass(4_000);
    assert.equal(rig.alarms('start').length, 0);
    rig.motion = 1;
    await rig.set({ [key]: 10 });
    await rig.bench.pass(6_000);
    rig.motion = 2;
    await rig.bench.within(5_000, () => rig.alarms('start').length === 1, 'a little motion is sensed');
  },
  'detect.motion.blindSec': async (key) => {
    await using rig = await sensing({ [key]: 20 });
    const { bench } = rig;
    rig.motion = 8;
    await bench.within(5_000, () => rig.alarms('start').length === 1, 'motion is sensed');
    rig.motion = 1;
    await bench.within(10_000, () => rig.alarms('stop').length === 1, 'it ends');
    await bench.pass(8_000);
    rig.motion = 8;
    await bench.pass(4_000);
    rig.motion = 1;
    await bench.pass(9_000);
    assert.equal(rig.alarms('start').length, 1);
    rig.motion = 8;
    await bench.within(10_000, () => rig.alarms('start').length === 2, 'motion is sensed again');
  },
  'detect.motion.maxSec': async (key) => {
    await using rig = await sensing({ [key]: 6, 'detect.motion.blindSec': 100 });
    const { bench } = rig;
    rig.motion = 8;
    await bench.within(5_000, () => rig.alarms('start').length === 1, 'motion is sensed');
    const startedAt = bench.clock.now();
    await bench.within(12_000, () => rig.alarms('stop').length === 1, 'it ends although the motion goes on');
    assertNear(bench.clock.now(), startedAt + 6_000);
  },
  'detect.motion.zoneIds': async (key) => {
    const zones = ['yard', 'street'].map((id) => ({ id, use: 'motion', vertices: whole }));
    await using rig = await Rig.open({ zones, [key]: ['yard'], 'detect.motion.sensitivity': 10, 'detect.motion.enabled': true });
    await rig.bench.within(600_000, () => rig.alarms('start').length > 0, 'motion is sensed');
    assert.deepEqual(rig.alarms('start')[0]?.zones, ['yard']);
  },
  'detect.motion.decode': async (key) => {
    await using rig = await Rig.open({ 'detect.motion.enabled': true, 'detect.motion.sensitivity': 10, [key]: false });
    const { bench } = rig;
    // Pictures that get larger and show nothing new: only who does not look at them takes that for motion.
    rig.motion = 1;
    await bench.pass(6_000);
    rig.motion = 8;
    await bench.within(5_000, () => rig.alarms('start').length === 1, 'motion is told from sizes');
  },
  zones: async (key) => {
    await using rig = await Rig.open({
      [key]: [{ id: 'yard', use: 'motion', vertices: whole }],
      'detect.motion.sensitivity': 10,
      'detect.motion.enabled': true,
    });
    await rig.bench.within(600_000, () => rig.alarms('start').length > 0, 'motion is sensed');
    assert.deepEqual(rig.alarms('start')[0]?.zones, ['yard']);
  },
  'power.workMode': async (key) => {
    await using rig = await Rig.open({ 'record.cloud.mode': 'off' }, onBattery);
    const { bench } = rig;
    await rig.set({ [key]: 'powerSave' });
    const { asleep } = await fallsAsleep(bench, 12_000);
    assert.ok(asleep);
  },
  'power.sleepAfterSec': async (key) => {
    await using rig = await Rig.open({ 'record.cloud.mode': 'off', [key]: 60 }, onBattery);
    assert.equal((await fallsAsleep(rig.bench, 40_000)).asleep, false);
    assert.equal((await fallsAsleep(rig.bench, 40_000)).asleep, true);
  },
  'power.lowBatteryPct': async (key) => {
    await using rig = await Rig.open({}, onBattery);
    const level = async (): Promise<string> => (await rig.ask('device.getStatus')).power.level;
    assert.equal(await level(), 'ok');
    await rig.set({ [key]: 45 });
    assert.equal(await level(), 'warning');
  },
};

/** Whether the device announces its sleep within `ms`. */
async function fallsAsleep(bench: TestBench, ms: number): Promise<{ readonly asleep: boolean }> {
  const { device } = bench.platform;
  await bench.pass(ms, () => device.all('power.sleeping').length > 0, 200);
  return { asleep: device.all('power.sleeping').length > 0 };
}

for (const key of Object.keys(configKeys) as ConfigKeyName[]) {
  test(`config.set: ${key} has an effect`, async () => {
    await effects[key](key);
  });
}
