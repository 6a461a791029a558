import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiProblem } from '@cardea/api';
import { MediaEnded } from './media-ended.ts';
import { pictureState, toneOf } from './picture-state.ts';

const online = { state: 'online', lastSeenAt: 1_767_225_600_000 } as const;

function refusal(deviceError: number): ApiProblem {
  return new ApiProblem({ type: 'x', title: 'x', status: 409, detail: 'x', code: deviceError, name: 'X', retryable: false, deviceError });
}

test('a picture that moves is live, whatever the platform believes of the device', () => {
  assert.deepEqual(pictureState({ ...online, state: 'offline' }, { kind: 'playing' }), { kind: 'live' });
});

test('a frozen picture never looks live', () => {
  const state = pictureState(online, { kind: 'stalled', stillAt: 5 });
  assert.deepEqual(state, { kind: 'stopped', stillAt: 5 });
  assert.equal(toneOf(state), 'warn');
});

test('a device that is away says since when', () => {
  assert.deepEqual(pictureState({ ...online, state: 'offline' }, { kind: 'retrying', cause: undefined }), {
    kind: 'offlineSince',
    since: 1_767_225_600_000,
  });
  assert.deepEqual(pictureState({ state: 'offline', lastSeenAt: null }, { kind: 'idle' }), { kind: 'offline' });
});

test('a camera in privacy mode is private, not broken', () => {
  assert.deepEqual(pictureState(online, { kind: 'retrying', cause: refusal(1012) }), { kind: 'private' });
  assert.deepEqual(pictureState(online, { kind: 'retrying', cause: new MediaEnded(1011, 'PRIVACY_MODE') }), { kind: 'private' });
});

test('a camera that sleeps is asleep until somebody wakes it', () => {
  assert.deepEqual(pictureState({ ...online, state: 'asleep' }, { kind: 'idle' }), { kind: 'asleep' });
  assert.deepEqual(pictureState({ ...online, state: 'asleep' }, { kind: 'connecting' }), { kind: 'connecting' });
});
