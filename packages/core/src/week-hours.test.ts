import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hoursWithin, type WeekHours } from './week-hours.ts';

const everyDay = [0, 1, 2, 3, 4, 5, 6];
const HOUR_SEC = 3_600;

/** The hours of a range as text, so that what is expected can be read. */
function within(hours: readonly WeekHours[], from: string, to: string, timezone: string): readonly string[] {
  const text = (instant: number): string => new Date(instant).toISOString().slice(5, 16);
  return hoursWithin(hours, { from: Date.parse(from), to: Date.parse(to) }, timezone).map((span) => `${text(span.from)} ${text(span.to)}`);
}

test('hours of working days are found on the clocks of the place, cut to what was asked for', () => {
  const working = [{ days: [1, 2, 3, 4, 5], startSec: 9 * HOUR_SEC, endSec: 17 * HOUR_SEC }];
  // Friday to Monday in New York, where it is four hours earlier.
  assert.deepEqual(within(working, '2026-07-10T15:00:00Z', '2026-07-13T14:00:00Z', 'America/New_York'), [
    '07-10T15:00 07-10T21:00',
    '07-13T13:00 07-13T14:00',
  ]);
});

test('hours past midnight belong to the day on which they begin, and hours that touch are one', () => {
  const night = [{ days: [0], startSec: 22 * HOUR_SEC, endSec: 6 * HOUR_SEC }];
  assert.deepEqual(within(night, '2026-07-11T00:00:00Z', '2026-07-15T00:00:00Z', 'UTC'), ['07-12T22:00 07-13T06:00']);
  const always = [{ days: everyDay, startSec: 0, endSec: 24 * HOUR_SEC }];
  assert.deepEqual(within(always, '2026-07-11T05:07:00Z', '2026-07-15T00:00:00Z', 'Asia/Kathmandu'), ['07-11T05:07 07-15T00:00']);
});

test('on the night on which clocks go forward an hour is missing', () => {
  const night = [{ days: everyDay, startSec: 1 * HOUR_SEC, endSec: 4 * HOUR_SEC }];
  // At 02:00 in Berlin it is 03:00.
  assert.deepEqual(within(night, '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z', 'Europe/Berlin'), ['03-29T00:00 03-29T02:00']);
  const missing = [{ days: everyDay, startSec: 2 * HOUR_SEC, endSec: 3 * HOUR_SEC }];
  assert.deepEqual(within(missing, '2026-03-28T12:00:00Z', '2026-03-29T12:00:00Z', 'Europe/Berlin'), []);
});

test('on the night on which clocks go back the hour that comes twice counts twice', () => {
  const hour = [{ days: everyDay, startSec: 2 * HOUR_SEC, endSec: 3 * HOUR_SEC }];
  assert.deepEqual(within(hour, '2026-10-24T12:00:00Z', '2026-10-25T12:00:00Z', 'Europe/Berlin'), ['10-25T00:00 10-25T02:00']);
  // Lord Howe Island goes back by half an hour, from 02:00 to 01:30.
  const early = [{ days: everyDay, startSec: 0, endSec: 2 * HOUR_SEC }];
  assert.deepEqual(within(early, '2026-04-04T06:00:00Z', '2026-04-05T06:00:00Z', 'Australia/Lord_Howe'), ['04-04T13:00 04-04T15:30']);
});

test('what is asked for in small pieces adds up to what is asked for at once', () => {
  const hours = [{ days: [0, 6], startSec: 30 * 60 + 7, endSec: 5 * HOUR_SEC }];
  const from = Date.parse('2026-10-24T00:07:00Z');
  const to = from + 3 * 24 * 3_600_000;
  const lengthOf = (spans: readonly { from: number; to: number }[]): number => spans.reduce((sum, span) => sum + span.to - span.from, 0);
  let inPieces = 0;
  for (let at = from; at < to; at += 420_000) {
    inPieces += lengthOf(hoursWithin(hours, { from: at, to: Math.min(to, at + 420_000) }, 'Europe/Berlin'));
  }
  assert.equal(inPieces, lengthOf(hoursWithin(hours, { from, to }, 'Europe/Berlin')));
  // From 02:07 to 05:00, and from 00:30:07 to 05:00 on the day of 25 hours.
  assert.equal(inPieces, (10_380 + 16_193 + 3_600) * 1_000);
});
