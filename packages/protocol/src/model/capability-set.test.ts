import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmNotification } from '../vd/alarm-notification.ts';
import { getCapabilityList } from '../vd/get-capability-list.ts';
import { keepAliveReport } from '../vd/keep-alive-report.ts';
import { ptzControl } from '../vd/ptz-control.ts';
import { startPlaying } from '../vd/start-playing.ts';
import { type CapabilitySet, supportsMessage } from './capability-set.ts';

function exampleSet(): CapabilitySet {
  const [example] = getCapabilityList.examples;
  assert.ok(example !== undefined);
  return example.result;
}

test('a camera with a head can be turned', () => {
  assert.equal(supportsMessage(exampleSet(), ptzControl, 1), true);
});

test('a recorder turns only the cameras that have a head', () => {
  const set = exampleSet();
  const [lens] = set.channels;
  assert.ok(lens !== undefined);
  const { ptz: _, ...fixed } = lens;
  const recorder = { ...set, channels: [lens, { ...fixed, channel: 2 }] };
  assert.equal(supportsMessage(recorder, ptzControl, 1), true);
  assert.equal(supportsMessage(recorder, ptzControl, 2), false);
  assert.equal(supportsMessage(recorder, ptzControl), true);
});

test('a method that was not announced is not supported', () => {
  assert.equal(supportsMessage(exampleSet(), startPlaying, 1), false);
});

test('a device without a player is not asked to play, even if it lists the method', () => {
  const set = exampleSet();
  const playing = { ...set, methods: [...set.methods, startPlaying.method] };
  assert.equal(supportsMessage(playing, startPlaying, 1), true);
  const mute = { ...playing, storage: { ...set.storage, playback: { ...set.storage.playback, maxSessions: 0 } } };
  assert.equal(supportsMessage(mute, startPlaying, 1), false);
});

test('events are looked up among the events, and what every device sends needs no announcement', () => {
  const set = exampleSet();
  assert.equal(supportsMessage(set, alarmNotification), true);
  assert.equal(supportsMessage({ ...set, events: [] }, alarmNotification), false);
  assert.equal(supportsMessage({ ...set, events: [], methods: [] }, keepAliveReport), true);
});
