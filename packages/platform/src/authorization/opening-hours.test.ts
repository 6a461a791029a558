import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closingTime } from './opening-hours.ts';

/** Monday 2026-07-06, 12:00 in Paris. */
const MONDAY_NOON = Date.parse('2026-07-06T10:00:00Z');
const HOUR_MS = 3_600_000;
const PARIS = 'Europe/Paris';

test('a span closes at its end, on the clocks of the home', () => {
  assert.equal(closingTime([{ from: '08:00', to: '18:30' }], MONDAY_NOON, PARIS), MONDAY_NOON + 6.5 * HOUR_MS);
  assert.equal(closingTime([{ from: '13:00', to: '18:00' }], MONDAY_NOON, PARIS), undefined);
  assert.equal(closingTime([{ from: '08:00', to: '12:00' }], MONDAY_NOON, PARIS), undefined);
  assert.equal(closingTime([{ from: '08:00', to: '11:00' }], MONDAY_NOON, 'UTC'), MONDAY_NOON + HOUR_MS);
});

test('a span past midnight belongs to the day on which it begins', () => {
  const night = [{ days: [7], from: '22:00', to: '06:00' }];
  assert.equal(closingTime(night, MONDAY_NOON - 9 * HOUR_MS, PARIS), MONDAY_NOON - 6 * HOUR_MS);
  assert.equal(closingTime(night, MONDAY_NOON + 11 * HOUR_MS, PARIS), undefined);
});

test('of several open spans the last to close counts, and a whole day is 00:00 to 24:00', () => {
  const spans = [
    { from: '10:00', to: '13:00' },
    { days: [1], from: '00:00', to: '24:00' },
  ];
  assert.equal(closingTime(spans, MONDAY_NOON, PARIS), MONDAY_NOON + 12 * HOUR_MS);
});
