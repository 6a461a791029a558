import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runFaults } from '../support/fault-run.ts';
import { seedOfRun } from '../support/seeded.ts';

test('10,000 calls and 10,000 events over a line that cuts, delays, doubles and swaps messages each end exactly once', async (context) => {
  const seed = seedOfRun();
  context.diagnostic(`SEED=${seed}`);
  const report = await runFaults({
    devices: 100,
    calls: 100,
    events: 100,
    seed,
    faults: { delayMs: 1, jitterMs: 10, duplicate: 0.3, reorder: 0.3, cut: 0.004, halfOpen: 0.0005, silenceMs: 5_000 },
  });
  context.diagnostic(JSON.stringify(report));
  assert.equal(
    Object.values(report.calls).reduce((sum, count) => sum + count, 0),
    10_000,
  );
  assert.deepEqual(report.crossed, []);
  assert.deepEqual([report.eventTries.acknowledged, report.shown], [10_000, { 1: 10_000 }]);
  assert.deepEqual(report.pending, { devices: 0, platform: 0 });
});
