import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeOf, choiceOf, faultOf } from './recording-choice.ts';
import { allCells } from './week-cells.ts';

const unsaid = choiceOf({ mode: 'continuous', streams: 'all', days: 30, cameraDecides: ['mode', 'streams'] });
const nights = choiceOf({ mode: 'event', schedule: [{ from: '22:00', to: '06:00' }], streams: 'main', days: 7, eventDays: 60 });

test('a form in which nothing was touched says nothing, and one in which a day was changed says that alone', () => {
  assert.deepEqual(changeOf(unsaid, unsaid), {});
  assert.deepEqual(changeOf(nights, nights), {});
  assert.deepEqual(changeOf({ ...nights, days: '8' }, nights), { days: 8 });
  assert.deepEqual(changeOf({ ...nights, eventDays: '' }, nights), { eventDays: null });
});

test('choosing everything at all hours is said as such, and handing it to the camera takes what was said away', () => {
  assert.deepEqual(changeOf({ ...nights, mode: 'continuous', hours: undefined }, nights), { mode: 'continuous', schedule: [] });
  assert.deepEqual(changeOf({ ...unsaid, mode: 'continuous', hours: allCells }, unsaid), { mode: 'continuous' });
  assert.deepEqual(changeOf({ ...nights, mode: 'camera', streams: 'camera' }, nights), { mode: null, schedule: null, streams: null });
  assert.deepEqual(changeOf({ ...unsaid, streams: 'all' }, unsaid), { streams: 'all' });
});

test('no hours at all, and more than can be kept, are told before anything is sent', () => {
  assert.equal(faultOf(nights), undefined);
  assert.equal(faultOf({ ...nights, hours: new Set() }), 'noHours');
  const everyOtherHour = [...allCells].filter((cell) => cell % 2 === 0);
  assert.equal(faultOf({ ...nights, hours: new Set(everyOtherHour) }), undefined);
  // The odd hours of working days, the even ones of Saturday, and two of three of Sunday.
  const isOdd = (cell: number): boolean => (cell < 120 ? cell % 2 === 1 : cell < 144 ? cell % 2 === 0 : cell % 3 !== 2);
  assert.equal(faultOf({ ...nights, hours: new Set([...allCells].filter(isOdd)) }), 'manyHours');
});
