import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLogger, VirtualClock } from '@cardea/core';
import type { HeadCommand } from '../camera.ts';
import { openHead } from './head-memory.ts';
import { PtzHead } from './ptz-head.ts';

function newHead(): {
  head: PtzHead;
  clock: VirtualClock;
  control: (command: Omit<HeadCommand, 'channel'>) => ReturnType<PtzHead['control']>;
} {
  const clock = new VirtualClock();
  const head = new PtzHead({ clock, logger: silentLogger });
  return { head, clock, control: (command) => head.control({ channel: 1, ...command }) };
}

test('a continuous move turns for its time and stops by itself when no stop comes', async () => {
  const { head, clock, control } = newHead();
  const answer = await control({ action: 'continuous', velocity: { pan: 0.5 }, timeoutMs: 2_000 });
  assert.equal(answer.state, 'moving');
  await clock.advance(1_000);
  assert.deepEqual(head.status(), { state: 'moving', position: { pan: 0.2, tilt: 0, zoom: 0 } });
  await clock.advance(1_000);
  assert.deepEqual(head.status(), { state: 'idle', position: { pan: 0.4, tilt: 0, zoom: 0 } });
  await clock.advance(10_000);
  assert.equal(head.status().position.pan, 0.4);
  assert.equal(clock.pendingTimers, 0);
});

test('stop holds the head where it is', async () => {
  const { head, clock, control } = newHead();
  await control({ action: 'continuous', velocity: { tilt: -1 }, timeoutMs: 5_000 });
  await clock.advance(400);
  assert.deepEqual(await control({ action: 'stop' }), { state: 'idle', position: { pan: 0, tilt: -0.2, zoom: 0 } });
  await clock.advance(5_000);
  assert.equal(head.status().position.tilt, -0.2);
});

test('a new move replaces the running one; a continuous command for one axis leaves another turning', async () => {
  const { head, clock, control } = newHead();
  await control({ action: 'continuous', velocity: { pan: 1 }, timeoutMs: 4_000 });
  await clock.advance(500);
  await control({ action: 'continuous', velocity: { zoom: 1 }, timeoutMs: 1_000 });
  await clock.advance(1_000);
  assert.deepEqual(head.status(), { state: 'idle', position: { pan: 0.6, tilt: 0, zoom: 0.35 } });
  await control({ action: 'absolute', position: { pan: -1 } });
  await clock.advance(500);
  await control({ action: 'absolute', position: { pan: 0.4 } });
  await clock.advance(60_000);
  assert.equal(head.status().position.pan, 0.4);
});

test('ptz.control: at its end the head says so, and refuses only when no motion is possible (1200), or beyond its reach (1206)', async () => {
  const { clock, control } = newHead();
  await control({ action: 'absolute', position: { pan: 1 } });
  await clock.advance(60_000);
  const both = await control({ action: 'continuous', velocity: { pan: 1, tilt: 1 } });
  assert.deepEqual(both.limit, ['pan']);
  await clock.advance(60_000);
  await assert.rejects(control({ action: 'continuous', velocity: { pan: 1, tilt: 0 } }), { status: 'LIMIT_REACHED' });
  await assert.rejects(control({ action: 'absolute', position: { zoom: 1.5 } }), { status: 'POSITION_OUT_OF_RANGE' });
});

test('degrees are understood too', async () => {
  const { head, clock, control } = newHead();
  await control({ action: 'absolute', unit: 'deg', position: { pan: 85, tilt: 90 } });
  await clock.advance(60_000);
  assert.deepEqual(head.status().position, { pan: 0.5, tilt: 1, zoom: 0 });
  await control({ action: 'relative', unit: 'deg', delta: { pan: -170 } });
  await clock.advance(60_000);
  assert.equal(head.status().position.pan, -0.5);
});

test('ptz.control: presets are kept, found (else 1201), renamed (not to a name that is taken, 1203), never while it moves (1204)', async () => {
  const { head, clock, control } = newHead();
  await control({ action: 'absolute', position: { pan: 0.5, zoom: 0.5 } });
  await assert.rejects(control({ action: 'setPreset', presetId: 3 }), { status: 'PTZ_MOVING' });
  await clock.advance(60_000);
  assert.equal((await control({ action: 'setPreset', presetId: 3, name: 'Gate' })).presetId, 3);
  assert.equal((await control({ action: 'setPreset' })).presetId, 1);
  await assert.rejects(control({ action: 'setPreset', name: 'Gate' }), { status: 'PRESET_EXISTS' });
  await control({ action: 'gotoHome' });
  await clock.advance(60_000);
  await control({ action: 'gotoPreset', presetId: 3 });
  await clock.advance(60_000);
  assert.deepEqual(head.status().position, { pan: 0.5, tilt: 0, zoom: 0.5 });
  await control({ action: 'removePreset', presetId: 3 });
  assert.deepEqual(
    head.presets().presets.map(({ presetId, name }) => [presetId, name]),
    [[1, 'Preset 1']],
  );
  await assert.rejects(control({ action: 'gotoPreset', presetId: 3 }), { status: 'PRESET_NOT_FOUND' });
  await assert.rejects(control({ action: 'removePreset', presetId: 3 }), { status: 'PRESET_NOT_FOUND' });
});

test('ptz.control: when all presets are taken another one is refused with 1202', async () => {
  const { head, control } = newHead();
  for (let count = 0; count < head.presets().max; count += 1) await control({ action: 'setPreset' });
  await assert.rejects(control({ action: 'setPreset' }), { status: 'PRESET_FULL' });
  await assert.rejects(control({ action: 'setPreset', presetId: 200 }), { status: 'PRESET_FULL' });
});

test('ptz.control: while it calibrates the head refuses to move with 1205, and then stands at home', async () => {
  const { head, clock, control } = newHead();
  await control({ action: 'continuous', velocity: { pan: 1 } });
  assert.equal((await control({ action: 'calibrate' })).state, 'calibrating');
  await assert.rejects(control({ action: 'gotoHome' }), { status: 'CALIBRATING' });
  await clock.advance(10_000);
  assert.deepEqual(head.status(), { state: 'idle', position: { pan: 0, tilt: 0, zoom: 0 } });
});

test('presets and home are there after a restart', async () => {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'cardea-head-'));
  try {
    const clock = new VirtualClock();
    const head = await openHead({ clock, logger: silentLogger, stateDirectory });
    await head.control({ channel: 1, action: 'absolute', position: { tilt: 0.5 } });
    await clock.advance(60_000);
    await head.control({ channel: 1, action: 'setPreset', presetId: 7, name: 'Roof' });
    await head.control({ channel: 1, action: 'setHome' });
    const later = await openHead({ clock, logger: silentLogger, stateDirectory });
    assert.deepEqual(later.status().position, { pan: 0, tilt: 0.5, zoom: 0 });
    assert.equal(later.presets().presets[0]?.name, 'Roof');
  } finally {
    await rm(stateDirectory, { recursive: true });
  }
});

test('a tour goes from preset to preset, stays at each, and ends when anything else is asked for', async () => {
  const { head, clock, control } = newHead();
  const pans = [0.4, -0.4];
  for (const pan of pans) {
    await control({ action: 'absolute', position: { pan } });
    await clock.advance(60_000);
    await control({ action: 'setPreset' });
  }
  assert.equal((await control({ action: 'cruiseStart', cruise: { mode: 'presets', presetIds: [1, 2], dwellSec: 3 } })).state, 'moving');
  const seen: number[] = [];
  for (let second = 0; second < 20; second += 1) {
    await clock.advance(1_000);
    seen.push(head.status().position.pan);
  }
  // Two seconds from one to the other, three at each.
  assert.deepEqual(seen.slice(0, 12), [0, 0.4, 0.4, 0.4, 0.4, 0, -0.4, -0.4, -0.4, -0.4, 0, 0.4]);
  assert.equal(head.status().state, 'moving');
  await assert.rejects(control({ action: 'setPreset' }), { status: 'PTZ_MOVING' });
  const stopped = await control({ action: 'cruiseStop' });
  assert.equal(stopped.state, 'idle');
  await clock.advance(60_000);
  assert.deepEqual(head.status(), { state: 'idle', position: stopped.position ?? { pan: 9, tilt: 9, zoom: 9 } });
  assert.equal(clock.pendingTimers, 0);
});

test('a panorama turns from end to end, and a move by hand ends it', async () => {
  const { head, clock, control } = newHead();
  await control({ action: 'cruiseStart', cruise: { mode: 'panorama', dwellSec: 1 }, speed: 1 });
  await clock.advance(2_500);
  assert.equal(head.status().position.pan, -1);
  await clock.advance(1_000 + 5_000);
  assert.equal(head.status().position.pan, 1);
  await control({ action: 'relative', delta: { pan: -0.1 } });
  await clock.advance(60_000);
  assert.deepEqual(head.status(), { state: 'idle', position: { pan: 0.9, tilt: 0, zoom: 0 } });
});

test('a tour of presets that are not there is refused, and it ends when the last of its presets is removed', async () => {
  const { head, clock, control } = newHead();
  await assert.rejects(control({ action: 'cruiseStart' }), { status: 'PRESET_NOT_FOUND' });
  await control({ action: 'setPreset', presetId: 1 });
  await assert.rejects(control({ action: 'cruiseStart', cruise: { mode: 'presets', presetIds: [1, 2] } }), { status: 'PRESET_NOT_FOUND' });
  await control({ action: 'cruiseStart' });
  await control({ action: 'removePreset', presetId: 1 });
  await clock.advance(60_000);
  assert.equal(head.status().state, 'idle');
  assert.equal(clock.pendingTimers, 0);
});

test('this head follows nobody, and says so', async () => {
  const { head, control } = newHead();
  await control({ action: 'continuous', velocity: { pan: 1 } });
  await assert.rejects(control({ action: 'track', enabled: true }), { status: 'NOT_SUPPORTED' });
  assert.equal(head.status().state, 'moving');
});
