import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validateAnswer, validateBody, validateParams, validateResult } from './validate.ts';
import { controlPlaying } from './vd/control-playing.ts';
import { keepAliveReport } from './vd/keep-alive-report.ts';
import { ptzControl } from './vd/ptz-control.ts';
import { rescheduleDevice } from './vd/reschedule-device.ts';
import { resetDeviceConfiguration } from './vd/reset-device-configuration.ts';
import { snapshot } from './vd/snapshot.ts';
import { reportStatistics } from './vr/report-statistics.ts';
import { schedule } from './vs/schedule.ts';

test('a member of the wrong kind is named by its path', () => {
  assert.deepEqual(validateParams(ptzControl, { channel: 0, action: 'dance' }), {
    ok: false,
    problems: [
      { path: '/channel', message: 'must be >= 1' },
      {
        path: '/action',
        message:
          'must be one of continuous, relative, absolute, stop, gotoPreset, setPreset, removePreset, gotoHome, setHome, calibrate, cruiseStart, cruiseStop, track',
      },
    ],
  });
});

test('however much is wrong, five problems are named', () => {
  const judged = validateBody(schedule, { requestId: 1, deviceId: 2, productId: 3, vendor: 4, model: 5, serial: 6, firmware: 7 });
  assert.equal(judged.ok, false);
  assert.equal(!judged.ok && judged.problems.length, 5);
});

const brokenRules: readonly (readonly [string, () => { readonly ok: boolean }])[] = [
  ['the first keep-alive of a connection without info', () => validateParams(keepAliveReport, { seq: 0, uptimeSec: 1 })],
  ['a continuous move without a speed', () => validateParams(ptzControl, { channel: 1, action: 'continuous' })],
  ['a move to a preset without its number', () => validateParams(ptzControl, { channel: 1, action: 'gotoPreset' })],
  ['a seek without a time', () => validateParams(controlPlaying, { sessionId: '01KDVBA3H5K7N9Q2T4W6Y8B0D1', action: 'seek' })],
  ['a factory reset that does not say it unbinds', () => validateParams(resetDeviceConfiguration, { scope: 'factory' })],
  ['a snapshot with nowhere to go', () => validateParams(snapshot, { taskId: '01KDVB6R8E0G2J4M6P8S1V3X5Z', channel: 1 })],
  [
    'three pictures in the answer',
    () => validateParams(snapshot, { taskId: '01KDVB6R8E0G2J4M6P8S1V3X5Z', channel: 1, count: 3, inline: true }),
  ],
  [
    're-scheduling without naming the schedule before',
    () => validateBody(schedule, { ...schedule.examples[0]?.body, reason: 'reschedule' }),
  ],
];

for (const [name, judge] of brokenRules) {
  test(`${name} is refused`, () => assert.equal(judge().ok, false));
}

test('a later keep-alive needs no info', () => {
  assert.equal(validateParams(keepAliveReport, { seq: 1, uptimeSec: 31 }).ok, true);
});

test('a device is sent to access servers or to a scheduling service', () => {
  const move = (target: unknown): boolean => validateParams(rescheduleDevice, { reason: 'operator', mode: 'graceful', target }).ok;
  assert.ok(move({ vdUrls: ['wss://a.example/vd/v1'], token: 't', tokenExpiresAt: 1 }));
  assert.ok(move({ vsUrl: 'https://a.example/vs/v1' }));
  assert.ok(!move({ vdUrls: [] }));
  assert.ok(!move({}));
});

test('an answer without a body is judged as nothing', () => {
  assert.deepEqual(validateAnswer(reportStatistics, undefined), { ok: true, value: undefined });
  assert.equal(validateAnswer(reportStatistics, {}).ok, false);
});

test('a result that does not fit is told from one that does', () => {
  assert.equal(validateResult(ptzControl, { state: 'idle' }).ok, true);
  assert.equal(validateResult(ptzControl, { state: 'dancing' }).ok, false);
});
