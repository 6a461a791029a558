import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import type { BatteryState, RpcDefinition } from '@cardea/protocol';
import { AwakeLease } from './awake-lease.ts';
import { BatteryWatch } from './battery-watch.ts';
import { SimulatedBattery } from './simulated-battery.ts';

const HOUR_MS = 3_600_000;

function batteryAt(levelPct: number): BatteryState {
  return { present: true, levelPct, charge: 'notCharging', source: 'battery' };
}

interface Report {
  readonly battery: BatteryState;
  readonly cause: string;
  readonly delivery: string;
}

function watchOf(first: BatteryState) {
  const clock = new VirtualClock();
  const reports: Report[] = [];
  const bench = { clock, reports, battery: first, online: true };
  const watch = new BatteryWatch({
    read: () => bench.battery,
    lowPct: () => 15,
    events: {
      publish: async (definition: RpcDefinition, content: object) => {
        reports.push({ ...(content as Omit<Report, 'delivery'>), delivery: definition.delivery });
        return '';
      },
    },
    maySend: () => bench.online,
    clock,
  });
  return Object.assign(bench, { watch });
}

test('the simulated battery lasts for months asleep and for less than a day while somebody watches', async () => {
  const clock = new VirtualClock();
  const battery = new SimulatedBattery({ clock, levelPct: 100 });
  battery.setUse('asleep');
  await clock.advance(30 * 24 * HOUR_MS);
  assert.equal(battery.state().levelPct, 81);
  battery.setUse('live');
  const { timeRemainingSec = 0, voltageMv = 0, temperatureC = 0 } = battery.state();
  assert.ok(timeRemainingSec > 10 * 3_600 && timeRemainingSec < 16 * 3_600);
  assert.ok(voltageMv > 3_900 && voltageMv < 4_100);
  assert.ok(temperatureC > 15 && temperatureC < 35);
  await clock.advance(24 * HOUR_MS);
  assert.deepEqual([battery.state().levelPct, battery.state().timeRemainingSec], [0, 0]);
});

test('the simulated battery charges on USB until it is full', async () => {
  const clock = new VirtualClock();
  const battery = new SimulatedBattery({ clock, levelPct: 50 });
  battery.plug(true);
  const { charge, source } = battery.state();
  assert.deepEqual([charge, source], ['charging', 'usb']);
  await clock.advance(4 * HOUR_MS);
  assert.deepEqual([battery.state().charge, battery.state().levelPct], ['full', 100]);
});

test('two simulated batteries of one seed tell the same temperatures, others do not', async () => {
  const clock = new VirtualClock();
  const batteries = [1, 1, 2].map((seed) => new SimulatedBattery({ clock, seed }));
  await clock.advance(HOUR_MS);
  const [first, same, other] = batteries.map((battery) => battery.state().temperatureC);
  assert.equal(first, same);
  assert.notEqual(first, other);
});

test('power.batteryChanged: two percent are reported, at most once a minute', async () => {
  const bench = watchOf(batteryAt(80));
  await bench.watch.check();
  bench.battery = batteryAt(78);
  await bench.watch.check();
  await bench.clock.advance(59_000);
  await bench.watch.check();
  assert.deepEqual(
    bench.reports.map(({ cause }) => cause),
    ['source'],
  );
  await bench.clock.advance(1_000);
  await bench.watch.check();
  bench.battery = batteryAt(77);
  await bench.clock.advance(120_000);
  await bench.watch.check();
  assert.deepEqual(
    bench.reports.map(({ cause, battery }) => [cause, battery.levelPct, battery.level, battery.lowThresholdPct]),
    [
      ['source', 80, 'ok', 15],
      ['level', 78, 'ok', 15],
    ],
  );
});

test('power.batteryChanged: cable, threshold and what the device could not tell before are reported', async () => {
  const bench = watchOf(batteryAt(16));
  bench.online = false;
  await bench.watch.check();
  assert.equal(bench.reports.length, 0);
  bench.online = true;
  await bench.watch.check();
  for (const battery of [
    batteryAt(14),
    { ...batteryAt(14), charge: 'charging', source: 'usb' } as const,
    { ...batteryAt(14), charge: 'full', source: 'usb' } as const,
  ]) {
    bench.battery = battery;
    await bench.clock.advance(60_000);
    await bench.watch.check();
  }
  assert.deepEqual(
    bench.reports.map(({ cause }) => cause),
    ['source', 'threshold', 'source', 'charge'],
  );
});

test('power.batteryChanged: a critical battery is told at once and until it is heard', async () => {
  const bench = watchOf(batteryAt(9));
  await bench.watch.check();
  bench.battery = batteryAt(4);
  bench.online = false;
  await bench.watch.check();
  await bench.watch.check();
  assert.deepEqual(
    bench.reports.map(({ battery, delivery }) => [battery.level, delivery]),
    [
      ['warning', 'notification'],
      ['critical', 'acknowledged'],
    ],
  );
  assert.equal(bench.watch.critical, true);
  bench.battery = { ...batteryAt(4), charge: 'charging', source: 'usb' };
  assert.equal(bench.watch.critical, false);
});

test('a level that wavers around a threshold changes its class once', () => {
  const bench = watchOf(batteryAt(16));
  const levels = [16, 14, 15, 16, 17, 16].map((levelPct) => {
    bench.battery = batteryAt(levelPct);
    return bench.watch.state().level;
  });
  assert.deepEqual(levels, ['ok', 'warning', 'warning', 'warning', 'ok', 'ok']);
});

test('power.keepAwake: a grant is extended and never shortened, and a weak battery gives less or nothing', async () => {
  const clock = new VirtualClock();
  const lease = new AwakeLease(clock);
  assert.deepEqual(lease.extend({ durationSec: 60 }, 'ok'), { awakeUntil: clock.now() + 60_000, grantedSec: 60 });
  await clock.advance(20_000);
  assert.equal(lease.extend({ durationSec: 10 }, 'ok').grantedSec, 40);
  await clock.advance(40_000);
  assert.equal(lease.running, false);
  assert.equal(lease.extend({ durationSec: 300 }, 'warning').grantedSec, 30);
  assert.equal(new AwakeLease(clock).extend({}, 'ok').grantedSec, 30);
  assert.throws(() => lease.extend({ durationSec: 10 }, 'critical'), { status: 'LOW_BATTERY' });
});
