import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../virtual-clock.ts';
import { PlayClock, stepTo } from './play-clock.ts';

test('the clock stands, goes on, and is moved without stopping', async () => {
  const time = new VirtualClock();
  const clock = new PlayClock(time, 1_000_000);
  await time.advance(5_000);
  assert.equal(clock.instant, 1_000_000);
  clock.play();
  await time.advance(5_000);
  assert.equal(clock.instant, 1_005_000);
  clock.moveTo(2_000_000);
  await time.advance(1_000);
  clock.pause();
  await time.advance(1_000);
  assert.deepEqual([clock.instant, clock.playing], [2_001_000, false]);
});

test('a recording that is ahead waits for the others, and one that fell behind catches up', () => {
  assert.equal(stepTo(10_000, 10_400), 'go');
  assert.equal(stepTo(10_000, 40_000), 'hold');
  assert.equal(stepTo(10_000, 8_000), 'seek');
});
