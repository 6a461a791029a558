import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestBench } from '../stub-platform/test-bench.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STEPS_MS = [HOUR_MS, -HOUR_MS, DAY_MS, -DAY_MS];

test('a clock that jumps an hour and a day, on and back, ends a span each time, and nothing is lost, repeated or out of order', async () => {
  await using bench = await TestBench.open();
  await bench.onlineAgent();
  const { video } = bench.platform;
  const begins = [bench.clock.now()];
  await bench.pass(13_000);
  for (const stepMs of STEPS_MS) {
    bench.clock.jump(stepMs);
    begins.push(bench.clock.now());
    await bench.pass(13_000);
  }
  const spanIds = (): readonly (string | undefined)[] => [...new Set(video.stored.map(({ create }) => create.spanId))];
  await bench.within(60_000, () => spanIds().length === begins.length && video.stored.length >= 2 * STEPS_MS.length, 'all is stored');
  const recorded = video.segments.filter(({ state }) => state === 'stored');
  // Announced in the order in which they were recorded, whatever the clock said.
  assert.deepEqual(
    recorded.map(({ create }) => create.spanId),
    spanIds().flatMap((spanId) => recorded.filter(({ create }) => create.spanId === spanId).map(() => spanId)),
  );
  for (const [span, spanId] of spanIds().entries()) {
    const segments = recorded.filter(({ create }) => create.spanId === spanId);
    assert.deepEqual(
      segments.map(({ create }) => create.index),
      segments.map((_, index) => index),
    );
    const startAt = segments[0]?.create.startAt ?? 0;
    const begun = begins[span] ?? 0;
    assert.ok(startAt >= begun && startAt - begun < 3_000, `span ${span} begins ${startAt - begun} ms after the step`);
    for (const [index, { create, confirm }] of segments.entries()) {
      assert.ok(confirm?.endAt > create.startAt);
      if (index > 0) assert.equal(create.startAt, segments[index - 1]?.confirm?.endAt);
    }
  }
  assert.ok(recorded.every(({ puts }) => puts === 1));
  const ids = recorded.map(({ create }) => create.clientSegmentId);
  assert.equal(new Set(ids).size, ids.length);
});
