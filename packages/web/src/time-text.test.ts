import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bareMinuteText, bytesText, countdownText, durationText, instantText, momentText } from './time-text.ts';

const options = { locale: 'en-GB', timeZone: 'UTC' };
const newYear = 1_767_225_600_000;

test('ages are told in one unit', () => {
  assert.equal(durationText(12_900, 'en'), '12 sec');
  assert.equal(durationText(200_000, 'en'), '3 min');
  assert.equal(durationText(7_200_000, 'en'), '2 hr');
  assert.equal(durationText(200, 'en'), '1 sec');
});

test('a countdown shows the last second until it is over', () => {
  assert.equal(countdownText(600_000), '10:00');
  assert.equal(countdownText(64_100), '1:05');
  assert.equal(countdownText(-5), '0:00');
});

test('an instant of today is a time, another one has its day', () => {
  assert.equal(instantText(newYear + 3_600_000, newYear + 7_200_000, options), '01:00');
  assert.equal(instantText(newYear - 3_600_000, newYear, options), '31 Dec, 23:00');
});

test('the time of day is written as people there write it', () => {
  assert.equal(instantText(newYear + 3_600_000, newYear, { locale: 'en-US', timeZone: 'UTC' }).replace('\u202f', ' '), '1:00 AM');
  assert.equal(instantText(newYear + 3_600_000, newYear, { locale: 'de', timeZone: 'UTC' }), '01:00');
});

test('today is a matter of where one is', () => {
  const tokyo = { locale: 'en-GB', timeZone: 'Asia/Tokyo' };
  assert.equal(instantText(newYear - 3_600_000, newYear, tokyo), '08:00');
});

test('a recorded moment is told to the second', () => {
  assert.equal(momentText(newYear + 61_000, newYear + 100_000, options), '00:01:01');
  assert.equal(momentText(newYear - 1_000, newYear, options), '31 Dec, 23:59:59');
});

test('a list of minutes does not repeat the half of the day', () => {
  assert.equal(bareMinuteText(newYear + 47_100_000, { locale: 'en-US', timeZone: 'UTC' }), '1:05');
});

test('an amount of storage is told in its largest unit', () => {
  assert.equal(bytesText(0, 'en'), '0 byte');
  assert.equal(bytesText(10_660_908, 'en'), '10.7 MB');
  assert.equal(bytesText(2e12, 'en'), '2 TB');
});
