import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, createRandom, silentLogger, VirtualClock } from '@cardea/core';
import type { BatteryState, WakeService } from '@cardea/protocol';
import type { Resumption } from '../vd/connection.ts';
import { Power } from './power.ts';

const onBattery: BatteryState = { present: true, levelPct: 80, charge: 'notCharging', source: 'battery' };
const nobodyThere: WakeService = {
  host: '127.0.0.1',
  port: 9,
  transport: 'tcp',
  authB64: '',
  heartbeatB64: '',
  wakeB64: '',
  heartbeatSec: 60,
};

interface Bench extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly power: Power;
  /** What the platform was told of sleep. */
  readonly sleeps: { readonly wakeChannel: string; readonly expectedWakeAt?: number }[];
  /** How each connection began. */
  readonly connections: (Resumption | undefined)[];
  readonly config: Record<string, unknown>;
  battery: BatteryState;
  busy: boolean;
  wakes: number;
}

function startBench(battery: BatteryState, service: WakeService | undefined = nobodyThere): Bench {
  const clock = new VirtualClock();
  const stop = new AbortController();
  let online = false;
  const bench = {
    clock,
    sleeps: [] as Bench['sleeps'],
    connections: [] as Bench['connections'],
    config: { 'power.workMode': 'custom', 'power.sleepAfterSec': 15, 'power.lowBatteryPct': 15 } as Record<string, unknown>,
    battery,
    busy: false,
    wakes: 0,
  };
  const power = new Power({
    camera: { power: () => bench.battery },
    config: { text: (key) => String(bench.config[key]), number: (key) => Number(bench.config[key]) },
    boot: {
      wake: () => {
        bench.wakes += 1;
      },
    },
    events: { publish: async () => '' },
    sender: {
      call: async (_definition, params) => {
        bench.sleeps.push(params as Bench['sleeps'][number]);
        throw new AppError('TIMEOUT');
      },
    },
    connection: () => ({
      online,
      run: async (signal, resumption) => {
        bench.connections.push(resumption);
        online = true;
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        online = false;
      },
    }),
    isBound: () => true,
    use: () => 'idle',
    isBusy: () => bench.busy,
    onChange: () => {},
    clock,
    random: createRandom(clock),
    logger: silentLogger,
  });
  power.setWakeService(service);
  const running = power.run(stop.signal);
  return Object.assign(bench, {
    power,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await clock.advance(0);
      await running;
    },
  });
}

test('power.sleeping: with nothing to do for fifteen seconds the device sleeps, and says that it can be woken', async () => {
  await using bench = startBench(onBattery);
  await bench.clock.advance(14_000);
  assert.equal(bench.power.asleep, false);
  await bench.clock.advance(3_000);
  assert.equal(bench.power.asleep, true);
  assert.deepEqual(
    bench.sleeps.map(({ wakeChannel, expectedWakeAt }) => [wakeChannel, expectedWakeAt]),
    [['tcp', undefined]],
  );
});

test('the sensor wakes the device at once, as a start of its own', async () => {
  await using bench = startBench(onBattery);
  await bench.clock.advance(17_000);
  bench.power.wakeUp();
  assert.equal(bench.power.asleep, false);
  assert.equal(bench.wakes, 1);
  await bench.clock.advance(1_000);
  assert.deepEqual(bench.connections, [undefined, { reason: 'wake', anew: false }]);
});

test('power.keepAwake: what is granted, what is under way, and a command keep the device awake', async () => {
  await using bench = startBench(onBattery);
  bench.power.keepAwake({ durationSec: 60, reason: 'config' });
  await bench.clock.advance(59_000);
  assert.equal(bench.power.asleep, false);
  bench.busy = true;
  await bench.clock.advance(60_000);
  bench.busy = false;
  await bench.clock.advance(10_000);
  bench.power.touch();
  await bench.clock.advance(14_000);
  assert.equal(bench.power.asleep, false);
  await bench.clock.advance(3_000);
  assert.equal(bench.power.asleep, true);
});

test('config.set: the work mode says how soon the device sleeps', async () => {
  await using bench = startBench(onBattery);
  bench.config['power.workMode'] = 'performance';
  await bench.clock.advance(299_000);
  assert.equal(bench.power.asleep, false);
  bench.config['power.workMode'] = 'powerSave';
  bench.power.touch();
  await bench.clock.advance(7_000);
  assert.equal(bench.power.asleep, true);
});

test('a device on a cable does not sleep, nor one that could not be woken', async () => {
  await using plugged = startBench({ ...onBattery, source: 'usb', charge: 'charging' });
  await using deaf = startBench(onBattery);
  deaf.power.setWakeService(undefined);
  await plugged.clock.advance(600_000);
  await deaf.clock.advance(600_000);
  assert.deepEqual([plugged.power.asleep, deaf.power.asleep], [false, false]);
});

test('with an almost empty battery the device wakes each quarter of an hour, and nothing else is granted', async () => {
  await using bench = startBench({ ...onBattery, levelPct: 3 });
  assert.throws(() => bench.power.keepAwake({ reason: 'live' }), { status: 'LOW_BATTERY' });
  await bench.clock.advance(8_000);
  assert.equal(bench.power.asleep, true);
  const [first] = bench.sleeps;
  assert.equal(first?.wakeChannel, 'none');
  const sinceMs = bench.clock.now();
  assert.ok(Math.abs((first?.expectedWakeAt ?? 0) - sinceMs - 15 * 60_000) < 10_000);
  await bench.clock.advance(15 * 60_000);
  await bench.clock.advance(20_000);
  assert.equal(bench.connections.length, 2);
  assert.equal(bench.sleeps.length, 2);
  assert.equal(bench.power.asleep, true);
});
