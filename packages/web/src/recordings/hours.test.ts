import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addDays, dateValue, dayOfValue, dayStart, hourStart, hoursOf } from './hours.ts';

const afternoon = new Date(2026, 2, 10, 15, 42, 7).getTime();

test('an instant belongs to the hour the clock on the wall shows', () => {
  assert.equal(hourStart(afternoon), new Date(2026, 2, 10, 15).getTime());
});

test('days are stepped by the calendar, over the end of a month too', () => {
  assert.equal(addDays(afternoon, 1), new Date(2026, 2, 11).getTime());
  assert.equal(addDays(afternoon, -10), new Date(2026, 1, 28).getTime());
});

test('a day has its hours from midnight on', () => {
  const hours = hoursOf(afternoon);
  assert.equal(hours[0], dayStart(afternoon));
  assert.ok(hours.length >= 23 && hours.length <= 25);
});

test('a date field writes and reads days', () => {
  assert.equal(dateValue(afternoon), '2026-03-10');
  assert.equal(dayOfValue('2026-03-10'), dayStart(afternoon));
  assert.equal(dayOfValue(''), undefined);
});
