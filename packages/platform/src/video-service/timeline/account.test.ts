import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accountFor, type Evidence } from './account.ts';
import { daysOf } from './calendar-days.ts';
import { lengthMs, type Span } from './spans.ts';

const MINUTE_MS = 60_000;
const minutes = (from: number, to: number): Span => ({ from: from * MINUTE_MS, to: to * MINUTE_MS });
const hour = minutes(0, 60);
const LATER = 1e12;

function accounted(evidence: Partial<Evidence>, range = hour, settledBefore = LATER) {
  return accountFor(range, settledBefore, { wanted: [minutes(0, 60)], video: [], absences: [], ...evidence });
}

test('a camera that recorded all the time shows one stretch of video', () => {
  const video = Array.from({ length: 360 }, (_, index) => ({ from: index * 10_000 + 3, to: (index + 1) * 10_000 }));
  const { spans, coverage } = accounted({ video });
  assert.deepEqual(spans, [{ from: 3, to: 3_600_000, kind: 'video' }]);
  assert.equal(coverage, 1);
});

test('a loss of the network is a gap with that cause, from the last video to the first', () => {
  const { spans, coverage } = accounted({
    video: [minutes(0, 10), minutes(25, 60)],
    absences: [{ reason: 'offline', spans: [minutes(11, 25)] }],
  });
  assert.deepEqual(spans, [
    { ...minutes(0, 10), kind: 'video' },
    { ...minutes(10, 25), kind: 'gap', cause: 'network', reason: 'offline' },
    { ...minutes(25, 60), kind: 'video' },
  ]);
  assert.equal(coverage, 0.75);
});

test('a gap has as many parts as it has reasons, and what nobody knows is said to be unknown', () => {
  const { spans } = accounted({
    video: [minutes(0, 10), minutes(50, 60)],
    absences: [
      { reason: 'privacy', spans: [minutes(10, 20)] },
      { reason: 'offline', spans: [minutes(15, 30)] },
    ],
  });
  assert.deepEqual(
    spans.filter(({ kind }) => kind === 'gap').map(({ from, to, cause, reason }) => [from / MINUTE_MS, to / MINUTE_MS, cause, reason]),
    [
      [10, 20, 'policy', 'privacy'],
      [20, 30, 'network', 'offline'],
      [30, 50, 'unknown', 'unknown'],
    ],
  );
});

test('video that nobody asked for is shown, and what nobody asked for is no gap', () => {
  const { spans, coverage } = accounted({ wanted: [], video: [minutes(5, 6)] });
  assert.deepEqual(spans, [{ ...minutes(5, 6), kind: 'video' }]);
  assert.equal(coverage, 1);
});

test('what may still be uploaded is neither video nor gap', () => {
  const { spans } = accounted({ video: [minutes(0, 10)] }, hour, 20 * MINUTE_MS);
  assert.deepEqual(spans.at(-1), { ...minutes(10, 20), kind: 'gap', cause: 'unknown', reason: 'unknown' });
});

test('the moment a recording takes to begin is no mystery', () => {
  const { spans } = accounted({ wanted: [{ from: 30_000, to: 60 * MINUTE_MS }], video: [{ from: 34_000, to: 60 * MINUTE_MS }] });
  assert.deepEqual(spans[0], { from: 30_000, to: 34_000, kind: 'gap', cause: 'policy', reason: 'starting' });
});

const spanList = fc
  .array(fc.tuple(fc.nat(7_200_000), fc.nat(900_000)), { maxLength: 12 })
  .map((list) => list.map(([from, length]) => ({ from, to: from + length + 1 })));

test('whatever is known, spans are in order, do not overlap, and with what was not asked for make up the whole range', () => {
  fc.assert(
    fc.property(spanList, spanList, spanList, spanList, fc.nat(7_200_000), (wanted, video, offline, privacy, settled) => {
      const ordered = (spans: readonly Span[]): Span[] => daylight(spans);
      const range = { from: 600_000, to: 6_600_000 };
      const { spans, coverage } = accountFor(range, settled, {
        wanted: ordered(wanted),
        video,
        absences: [
          { reason: 'privacy', spans: ordered(privacy) },
          { reason: 'offline', spans: ordered(offline) },
        ],
      });
      for (const [index, span] of spans.entries()) {
        assert.ok(span.from < span.to && span.from >= range.from && span.to <= range.to);
        assert.ok(index === 0 || span.from >= (spans[index - 1]?.to ?? 0));
        assert.equal(span.kind === 'gap', span.cause !== undefined);
      }
      assert.ok(coverage >= 0 && coverage <= 1);
      const covered = new Set<number>();
      for (const { from, to } of spans) for (let at = Math.ceil(from / 1_000); at * 1_000 < to; at += 1) covered.add(at);
      for (const { from, to } of ordered(wanted)) {
        const end = Math.min(to, settled, range.to);
        let missing = 0;
        for (let at = Math.ceil(Math.max(from, range.from) / 1_000); at * 1_000 < end; at += 1) missing = covered.has(at) ? 0 : missing + 1;
        assert.ok(missing <= 1, 'no second that was to be recorded goes without account');
      }
    }),
    { numRuns: 300 },
  );
});

/** Joins overlapping stretches, as the ledger does. */
function daylight(spans: readonly Span[]): Span[] {
  const joined: { from: number; to: number }[] = [];
  for (const span of spans.toSorted((one, other) => one.from - other.from)) {
    const last = joined.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else joined.push({ ...span });
  }
  return joined;
}

test('days are those of the home, of 23 and 25 hours where the clocks change', () => {
  const hoursOf = (from: string, to: string, zone: string): number[] =>
    daysOf({ from: Date.parse(from), to: Date.parse(to) }, zone).map((day) => lengthMs([day]) / 3_600_000);
  assert.deepEqual(hoursOf('2026-03-28T00:00+01:00', '2026-03-31T00:00+02:00', 'Europe/Berlin'), [24, 23, 24]);
  assert.deepEqual(hoursOf('2026-10-24T00:00+02:00', '2026-10-27T00:00+01:00', 'Europe/Berlin'), [24, 25, 24]);
  assert.deepEqual(hoursOf('2026-04-04T00:00+11:00', '2026-04-06T00:00+10:30', 'Australia/Lord_Howe'), [24, 24.5]);
  assert.deepEqual(hoursOf('2026-01-01T18:00Z', '2026-01-02T06:00Z', 'UTC'), [6, 6]);
  assert.deepEqual(hoursOf('2026-01-01T00:00+05:45', '2026-01-02T00:00+05:45', 'Asia/Kathmandu'), [24]);
});
