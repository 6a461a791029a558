import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFaults } from '../../support/fault-run.ts';
import { seedOfRun } from '../../support/seeded.ts';

test('2,000 calls and 2,000 events over a line that cuts, delays, doubles and swaps messages each end exactly once', async (context) => {
  const seed = seedOfRun();
  context.diagnostic(`SEED=${seed}`);
  const report = await runFaults({
    devices: 40,
    calls: 50,
    events: 50,
    seed,
    faults: { delayMs: 1, jitterMs: 10, duplicate: 0.3, reorder: 0.3, cut: 0.004, halfOpen: 0.0005, silenceMs: 3_000 },
  });
  context.diagnostic(JSON.stringify(report));
  const ends = Object.values(report.calls).reduce((sum, count) => sum + count, 0);
  assert.equal(ends, 2_000);
  assert.ok((report.calls.result ?? 0) > 1_800, 'the line is bad, not useless');
  assert.deepEqual(
    Object.keys(report.calls).filter((outcome) => !['result', 'TIMEOUT', 'DEVICE_OFFLINE', 'GOING_AWAY', 'RATE_LIMITED'].includes(outcome)),
    [],
  );
  assert.deepEqual(report.crossed, []);
  assert.deepEqual([report.eventTries.acknowledged, report.shown], [2_000, { 1: 2_000 }]);
  assert.deepEqual(report.pending, { devices: 0, platform: 0 });
  assert.ok(report.faults.cut > 0 && report.faults.silenced > 0 && report.faults.duplicated > 500 && report.faults.reordered > 500);
});
