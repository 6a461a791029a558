import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { Subscription } from './subscription.ts';

const LIMIT = 1_000;
const head = new Uint8Array(50);
const key = { bytes: new Uint8Array(500), startsWithKeyframe: true };
const delta = { bytes: new Uint8Array(100), startsWithKeyframe: false };

/** A viewer whose network takes nothing until told to. */
function createViewer() {
  const clock = new VirtualClock();
  const socket = {
    writableLength: 0,
    write(bytes: Uint8Array) {
      socket.writableLength += bytes.length;
      return true;
    },
  };
  const seen = { skips: 0, tooSlow: 0 };
  const subscription = new Subscription({ socket, clock, onSkip: () => (seen.skips += 1), onTooSlow: () => (seen.tooSlow += 1) });
  return { clock, socket, seen, subscription };
}

test('a viewer who comes between key frames without kept pictures waits for the next key frame', () => {
  const { subscription } = createViewer();
  subscription.start(head, { withPictures: false });
  assert.equal(subscription.send(delta, LIMIT), false);
  assert.equal(subscription.send(key, LIMIT), true);
  assert.equal(subscription.send(delta, LIMIT), true);
});

test('a viewer who falls behind skips to the next key frame once the network took what was queued', () => {
  const { socket, seen, subscription } = createViewer();
  subscription.start(head, { withPictures: true });
  for (let n = 0; n < 11; n += 1) subscription.send(delta, LIMIT);
  assert.equal(seen.skips, 1);
  socket.writableLength = 0;
  assert.equal(subscription.send(delta, LIMIT), false);
  assert.equal(subscription.send(key, LIMIT), true);
  assert.equal(seen.tooSlow, 0);
});

test('a viewer who falls behind twice in ten seconds is closed', async () => {
  const { clock, socket, seen, subscription } = createViewer();
  subscription.start(head, { withPictures: true });
  for (let n = 0; n < 11; n += 1) subscription.send(delta, LIMIT);
  socket.writableLength = 0;
  await clock.advance(9_000);
  subscription.send(key, LIMIT);
  for (let n = 0; n < 11; n += 1) subscription.send(delta, LIMIT);
  assert.deepEqual(seen, { skips: 1, tooSlow: 1 });
});

test('falling behind again after ten seconds is a new skip', async () => {
  const { clock, socket, seen, subscription } = createViewer();
  subscription.start(head, { withPictures: true });
  for (let n = 0; n < 11; n += 1) subscription.send(delta, LIMIT);
  socket.writableLength = 0;
  await clock.advance(10_000);
  subscription.send(key, LIMIT);
  for (let n = 0; n < 11; n += 1) subscription.send(delta, LIMIT);
  assert.deepEqual(seen, { skips: 2, tooSlow: 0 });
});

test('a viewer whose network takes nothing is closed at the next key frame', () => {
  const { seen, subscription } = createViewer();
  subscription.start(head, { withPictures: true });
  for (let n = 0; n < 15; n += 1) subscription.send(delta, LIMIT);
  subscription.send(key, LIMIT);
  assert.deepEqual(seen, { skips: 1, tooSlow: 1 });
});

test('a viewer whose network takes nothing is closed after ten seconds when no key frame comes', async () => {
  const { clock, seen, subscription } = createViewer();
  subscription.start(head, { withPictures: true });
  for (let n = 0; n < 15; n += 1) subscription.send(delta, LIMIT);
  await clock.advance(9_999);
  subscription.send(delta, LIMIT);
  assert.equal(seen.tooSlow, 0);
  await clock.advance(1);
  subscription.send(delta, LIMIT);
  assert.equal(seen.tooSlow, 1);
});

test('the pictures a newcomer gets at once do not count as falling behind', () => {
  const { seen, subscription } = createViewer();
  subscription.start(new Uint8Array(5_000), { withPictures: true });
  assert.equal(subscription.send(delta, LIMIT), true);
  assert.equal(seen.skips, 0);
});

test('a new head is never left out: a viewer too far behind to get it is closed', () => {
  const { socket, seen, subscription } = createViewer();
  subscription.start(head, { withPictures: true });
  assert.equal(subscription.restart(head, LIMIT), true);
  assert.equal(subscription.send(delta, LIMIT), false);
  socket.writableLength = 2_000;
  assert.equal(subscription.restart(head, LIMIT), false);
  assert.equal(seen.tooSlow, 1);
});
