import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bestStream, coverageOf, coveredMs, minutesOf, segmentAt } from './coverage.ts';

const piece = (id: string, startAt: number, endAt: number, stream: 'main' | 'sub' = 'main') => ({ id, stream, startAt, endAt });
const hour = { from: 0, to: 3_600_000 };

test('pieces that follow one another are one stretch', () => {
  const pieces = [piece('a', 0, 10_000), piece('b', 10_040, 20_000), piece('c', 60_000, 70_000)];
  const spans = coverageOf(pieces, hour);
  assert.deepEqual(spans, [
    { from: 0, to: 20_000 },
    { from: 60_000, to: 70_000 },
  ]);
  assert.equal(coveredMs(spans), 30_000);
});

test('a piece that began in the hour before counts from the full hour', () => {
  assert.deepEqual(coverageOf([piece('a', -5_000, 5_000)], hour), [{ from: 0, to: 5_000 }]);
});

test('an event inside a continuous recording is not counted twice', () => {
  assert.deepEqual(coverageOf([piece('a', 0, 60_000), piece('b', 5_000, 20_000)], hour), [{ from: 0, to: 60_000 }]);
});

test('a minute is listed when something of it was recorded', () => {
  assert.deepEqual(minutesOf([{ from: 50_000, to: 130_000 }], 0), [0, 60_000, 120_000]);
  assert.deepEqual(minutesOf([{ from: 50_000, to: 60_100 }], 0), [0]);
});

test('a wished instant begins inside its recording', () => {
  const pieces = [piece('a', 0, 10_000), piece('b', 60_000, 70_000)];
  assert.deepEqual(segmentAt(pieces, 4_000), { segment: pieces[0], offsetMs: 4_000 });
});

test('an instant in a gap leads to what comes after it', () => {
  const pieces = [piece('a', 0, 10_000), piece('b', 60_000, 70_000)];
  assert.deepEqual(segmentAt(pieces, 10_000), { segment: pieces[1], offsetMs: 0 });
  assert.equal(segmentAt(pieces, 70_000), undefined);
});

test('the full picture is preferred when both were recorded', () => {
  const [main, sub] = [piece('a', 0, 10_000), piece('b', 0, 10_000, 'sub')];
  assert.deepEqual(bestStream([sub, main]), [main]);
  assert.deepEqual(bestStream([sub]), [sub]);
});
