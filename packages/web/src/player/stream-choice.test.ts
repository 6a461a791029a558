import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StreamChoice, TimeForMore, TooSlow } from './stream-choice.ts';

test('a line that is too weak gets the small stream, and the large one again later and later', () => {
  const choice = new StreamChoice('main');
  const seen: (readonly [string, number | undefined])[] = [[choice.stream, choice.forMs]];
  for (const cause of [new TooSlow(), new TimeForMore(), new TooSlow(), new Error('cut'), new TimeForMore()]) {
    choice.onEnded(cause);
    seen.push([choice.stream, choice.forMs]);
  }
  assert.deepEqual(seen, [
    ['main', undefined],
    ['sub', 30_000],
    ['main', undefined],
    ['sub', 60_000],
    ['sub', 60_000],
    ['main', undefined],
  ]);
});

test('whoever shows the small stream anyway stays with it', () => {
  const choice = new StreamChoice('sub');
  choice.onEnded(new TooSlow());
  assert.deepEqual([choice.stream, choice.forMs], ['sub', undefined]);
});

test('it waits for the large stream ten minutes at most', () => {
  const choice = new StreamChoice('main');
  for (let fall = 0; fall < 20; fall += 1) {
    choice.onEnded(new TooSlow());
    choice.onEnded(new TimeForMore());
  }
  choice.onEnded(new TooSlow());
  assert.equal(choice.forMs, 600_000);
});
