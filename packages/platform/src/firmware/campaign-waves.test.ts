import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeWave, waveSizes } from './campaign-waves.ts';
import { overdueState, stateAfter, type TaskRow } from './upgrade-state.ts';
import { newTask } from './upgrade-tasks.ts';

const task: TaskRow = newTask({
  ...{ id: '01KDVAKN0ZT3J9S5F8WQ2X7CVB', deviceId: 'd', homeId: 'h', version: '1.1.0', now: 0 },
});
const tasks = (...states: string[]): TaskRow[] => states.map((state) => ({ ...task, state }));

test('a canary goes first, then growing waves until every device has been reached', () => {
  assert.deepEqual(waveSizes(100, { firmwareId: 'f' }), [1, 10, 40, 49]);
  assert.deepEqual(waveSizes(1000, { firmwareId: 'f', canary: 5, waves: [20, 100] }), [5, 199, 796]);
  assert.deepEqual(waveSizes(3, { firmwareId: 'f' }), [1, 1, 1]);
  assert.deepEqual(waveSizes(1, { firmwareId: 'f' }), [1]);
  assert.deepEqual(waveSizes(4, { firmwareId: 'f', canary: 0, waves: [100] }), [4]);
});

test('waves that fall or leave devices out are refused', () => {
  for (const waves of [[50], [50, 50, 100], [60, 40, 100]]) {
    assert.throws(() => waveSizes(10, { firmwareId: 'f', waves }), { status: 'INVALID_PARAMS' });
  }
});

test('a wave halts the campaign as soon as too many of it failed, and waits for the slow ones otherwise', () => {
  assert.equal(judgeWave(tasks('succeeded', 'downloading'), 3), 'wait');
  assert.equal(judgeWave(tasks('succeeded', 'succeeded', 'skipped'), 3), 'next');
  assert.equal(judgeWave(tasks('rolledBack', 'pending', 'downloading'), 3), 'halt');
  assert.equal(judgeWave(tasks(...Array(97).fill('succeeded'), ...Array(3).fill('lost')), 3), 'halt');
  assert.equal(judgeWave(tasks(...Array(98).fill('succeeded'), ...Array(2).fill('failed')), 3), 'next');
});

test('a device that reports success has to prove it; one that runs something else was rolled back', () => {
  const told = { taskId: task.id, state: 'succeeded', progressPct: 100, currentVersion: '1.1.0', updatedAt: 0 } as const;
  assert.equal(stateAfter(task, told), 'checking');
  assert.equal(stateAfter(task, { ...told, currentVersion: '1.0.0' }), 'rolledBack');
  assert.equal(stateAfter(task, { ...told, state: 'failed' }), 'failed');
  assert.equal(stateAfter(task, { ...told, taskId: '01KDVAKN0ZT3J9S5F8WQ2X7CVC', currentVersion: '1.0.0' }), undefined);
});

test('a device that stays silent for its down time and ten minutes more is lost; one that waits for its window is not', () => {
  const silent = { ...task, state: 'rebooting', heard_at: 0, expected_down_sec: 60 };
  assert.equal(overdueState(silent, 660_000), undefined);
  assert.equal(overdueState(silent, 660_001), 'lost');
  assert.equal(overdueState({ ...silent, state: 'scheduled' }, 9_000_000), undefined);
  assert.equal(overdueState({ ...silent, state: 'checking', heard_at: 700_000, changed_at: 0 }, 700_001), 'failed');
});
