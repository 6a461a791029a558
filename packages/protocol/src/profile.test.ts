import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROFILE, paths, resolveAddress, subprotocols } from './profile.ts';
import * as timers from './timers.ts';
import { confirmVideoSegment } from './vr/confirm-video-segment.ts';
import { schedule } from './vs/schedule.ts';

test('the names a foreign device connects with stay as they are', () => {
  assert.equal(PROFILE, 'hss-open-1');
  assert.deepEqual(paths, { vs: '/vs/v1', vd: '/vd/v1', vm: '/vm/v1', vr: '/vr/v1' });
  assert.deepEqual(subprotocols, { vd: 'hss.vd.v1.json', vm: 'hss.vm.v1' });
});

test('an exchange is addressed below the base address it was given', () => {
  assert.equal(resolveAddress('https://home.example/vs/v1', schedule.path), 'https://home.example/vs/v1/schedule');
  assert.equal(
    resolveAddress('https://home.example/cameras/vr/v1/', confirmVideoSegment.path, { segmentId: '01KDVBW3T4D1F3H5K7N9Q2T4W6' }),
    'https://home.example/cameras/vr/v1/segments/01KDVBW3T4D1F3H5K7N9Q2T4W6/confirm',
  );
});

test('an id cannot lead out of its place in the address', () => {
  assert.equal(
    resolveAddress('https://home.example/vr/v1', confirmVideoSegment.path, { segmentId: '../x?y' }),
    'https://home.example/vr/v1/segments/..%2Fx%3Fy/confirm',
  );
});

test('every timer and limit has a unit or counts something, and a value above zero', () => {
  for (const [group, values] of Object.entries<object>(timers)) {
    for (const [name, value] of Object.entries<number | readonly number[]>(Object.fromEntries(Object.entries(values)))) {
      for (const single of [value].flat()) assert.ok(single > 0, `${group}.${name}`);
    }
  }
});

test('a device that misses three keep-alives of 30 s is offline after 90 s', () => {
  assert.equal(timers.vdTimers.keepAliveDefaultSec * timers.vdTimers.keepAliveMissedDefault, 90);
});
