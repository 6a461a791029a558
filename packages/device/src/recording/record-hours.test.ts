import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestBench } from '../stub-platform/test-bench.ts';

/** Thursday 2026-01-01 00:00 UTC, Wednesday 19:00 in New York. */
const START_AT = 1_767_225_600_000;
const NEW_YORK = { 'device.timezone': 'America/New_York' };
const SEVEN_PM_SEC = 19 * 3_600;

interface Stored {
  readonly kind: string;
  readonly from: number;
  readonly to: number;
}

/** What is stored, with seconds after the start, joined where it follows on. */
function storedIn(bench: TestBench): readonly Stored[] {
  const all = bench.platform.video.stored.toSorted((a, b) => a.create.startAt - b.create.startAt);
  const secondOf = (instant: number): number => (instant - START_AT) / 1_000;
  const joined: { kind: string; from: number; to: number }[] = [];
  for (const { create, confirm } of all) {
    const piece = { kind: create.kind, from: secondOf(create.startAt), to: secondOf(confirm?.endAt) };
    const last = joined.at(-1);
    if (last !== undefined && last.kind === piece.kind && last.to === piece.from) last.to = piece.to;
    else joined.push(piece);
  }
  return joined;
}

async function scheduled(bench: TestBench, schedule: readonly object[]): Promise<void> {
  await bench.onlineAgent();
  const patch = { ...NEW_YORK, 'record.cloud.mode': 'schedule', 'record.cloud.schedule': schedule };
  const { error } = await bench.platform.device.request('config.set', { patch });
  assert.equal(error, undefined);
}

test('a camera keeps to its weekly hours while no platform can be reached, and tells what it recorded afterwards', async () => {
  await using bench = await TestBench.open();
  bench.platform.video.onRequest = (what) => (what === 'create' ? { status: 503 } : undefined);
  await scheduled(bench, [{ days: [3], startSec: SEVEN_PM_SEC + 30, endSec: SEVEN_PM_SEC + 54 }]);
  bench.platform.device.cut();
  await bench.pass(70_000);
  bench.platform.video.onRequest = () => undefined;
  await bench.within(120_000, () => storedIn(bench).some(({ from, to }) => to - from >= 22), 'what was recorded arrives');
  const late = storedIn(bench).filter(({ from }) => from >= 20);
  assert.equal(late.length, 1);
  const [{ kind, from, to } = { kind: '', from: 0, to: 0 }] = late;
  assert.equal(kind, 'continuous');
  assert.ok(from >= 30 && from <= 32 && to >= 52 && to <= 54.1, `${from} to ${to}`);
});

test('where hours of alarms and hours of everything overlap everything is recorded, and outside both nothing, not even an alarm', async () => {
  await using bench = await TestBench.open();
  await scheduled(bench, [
    { days: [3], startSec: SEVEN_PM_SEC, endSec: SEVEN_PM_SEC + 60, mode: 'event' },
    { days: [3], startSec: SEVEN_PM_SEC + 20, endSec: SEVEN_PM_SEC + 40 },
  ]);
  await bench.pass(100_000);
  const settled = storedIn(bench).filter(({ from }) => from >= 10);
  assert.deepEqual(
    settled.map(({ kind }) => kind),
    ['continuous'],
  );
  const [{ from, to } = { from: 0, to: 0 }] = settled;
  assert.ok(from >= 20 && from <= 22 && to >= 38 && to <= 40.1, `${from} to ${to}`);
  const alarm = await bench.platform.device.request('alarm.trigger', { channel: 1, alarmType: 'person', durationSec: 1 });
  assert.equal(alarm.error, undefined);
  await bench.pass(30_000);
  assert.equal(storedIn(bench).filter(({ kind }) => kind === 'event').length, 0);
});
