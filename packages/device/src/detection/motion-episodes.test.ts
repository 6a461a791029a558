import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import type { AlarmDetail } from '../alarms/ongoing-alarm.ts';
import { MotionEpisodes } from './motion-episodes.ts';

const SECOND = 1_000;

function setUp({ silent = false } = {}) {
  const clock = new VirtualClock(0);
  const log: string[] = [];
  const note = (what: string, { confidence, zones = [] }: AlarmDetail = {}) =>
    log.push([clock.now() / SECOND, what, confidence, ...zones].filter((part) => part !== undefined).join(' '));
  const episodes = new MotionEpisodes({
    blindMs: 10 * SECOND,
    maxMs: 30 * SECOND,
    begin: async (detail) => {
      note('start', detail);
      return silent ? undefined : { update: (news) => void note('update', news), stop: () => void note('stop') };
    },
    clock,
  });
  /** Two readings a second. */
  const see = async (level: number, seconds: number, zones: readonly string[] = []): Promise<void> => {
    for (let count = 0; count < 2 * seconds; count += 1) {
      episodes.take({ level, zones });
      await clock.advance(SECOND / 2);
    }
  };
  return { clock, episodes, log, see };
}

test('one alarm lasts from the beginning of motion until it has been still for three seconds', async () => {
  const { log, see } = setUp();
  await see(0.3, 5);
  await see(1.5, 4, ['gate']);
  await see(0, 2);
  await see(1.2, 1, ['path']);
  await see(0, 6);
  assert.deepEqual(
    log.filter((line) => !line.includes('update')),
    ['5.5 start 0.6 gate', '14.5 stop'],
  );
  assert.equal(log.at(-2), '11.5 update 0.6 gate path');
});

test('a single reading is taken for noise', async () => {
  const { episodes, log, see } = setUp();
  episodes.take({ level: 9, zones: [] });
  await see(0, 1);
  episodes.take({ level: 9, zones: [] });
  await see(0, 10);
  assert.deepEqual(log, []);
});

test('motion without end is reported in pieces, with a blind interval between them', async () => {
  const { log, see } = setUp();
  await see(2, 75);
  assert.deepEqual(
    log.filter((line) => !line.includes('update')),
    ['0.5 start 0.7', '30.5 stop', '40.5 start 0.7', '70.5 stop'],
  );
});

test('an alarm ends at its longest also when nothing is seen any more', async () => {
  const { clock, log, see } = setUp();
  await see(2, 1);
  await clock.advance(60 * SECOND);
  assert.equal(log.at(-1), '30.5 stop');
  assert.equal(clock.pendingTimers, 0);
});

test('when watching ends the alarm ends, once', async () => {
  const { clock, episodes, log, see } = setUp();
  await see(2, 1);
  episodes[Symbol.dispose]();
  episodes[Symbol.dispose]();
  await clock.advance(60 * SECOND);
  assert.deepEqual(
    log.filter((line) => line.includes('stop')),
    ['1 stop'],
  );
});

test('while no alarm may be raised nothing follows from motion', async () => {
  const { log, see } = setUp({ silent: true });
  await see(2, 5);
  await see(0, 5);
  assert.deepEqual(log, ['0.5 start 0.7']);
});
