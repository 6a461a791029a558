import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiProblem, type CommandParams, type CommandResult } from '@cardea/api';
import { eventually } from '../eventually.ts';
import { type System, startSystem } from './system.ts';

let system: System;
before(async () => {
  system = await startSystem();
});
after(async () => {
  await system[Symbol.asyncDispose]();
});

type Control = Omit<CommandParams<'ptz.control'>, 'channel'>;

const control = (params: Control): Promise<CommandResult<'ptz.control'>> =>
  system.client.command(system.deviceId, 'ptz.control', { channel: 1, ...params });

const status = async () => {
  const { ptz } = (await system.client.command(system.deviceId, 'device.getStatus', {})).channels[0] ?? {};
  assert.ok(ptz !== undefined);
  return ptz;
};

const atRest = () => eventually('the head stands', async () => ((await status()).state === 'idle' ? (await status()).position : undefined));

async function refused(params: Control, code: number): Promise<void> {
  await assert.rejects(control(params), (error) => {
    assert.ok(error instanceof ApiProblem);
    assert.deepEqual([error.status, error.code], [code === 1003 ? 422 : 409, code]);
    return true;
  });
}

test('ptz.control: a continuous move turns the head and stops by itself when no stop comes', async () => {
  const answer = await control({ action: 'continuous', velocity: { pan: 0.5 }, timeoutMs: 500 });
  assert.equal(answer.state, 'moving');
  assert.deepEqual(await atRest(), { pan: 0.1, tilt: 0, zoom: 0 });
});

test('ptz.control: stop holds the head before the time of a move is over', async () => {
  await control({ action: 'continuous', velocity: { pan: -1 }, timeoutMs: 10_000 });
  assert.equal((await control({ action: 'stop' })).state, 'idle');
  const held = await atRest();
  assert.deepEqual(await atRest(), held);
  assert.ok(held !== undefined && held.pan > -1);
});

test('ptz.control: the head goes to a place, by a step, and to degrees', async () => {
  await control({ action: 'absolute', position: { pan: 0, tilt: 0, zoom: 0.2 } });
  assert.deepEqual(await atRest(), { pan: 0, tilt: 0, zoom: 0.2 });
  await control({ action: 'relative', delta: { tilt: 0.25 } });
  assert.deepEqual(await atRest(), { pan: 0, tilt: 0.25, zoom: 0.2 });
  await control({ action: 'absolute', unit: 'deg', position: { pan: 17, tilt: 30 } });
  assert.deepEqual(await atRest(), { pan: 0.1, tilt: 0, zoom: 0.2 });
});

test('ptz.control: at its end the head names the axis, refuses with 1200 what cannot move at all, and with 1206 a place beyond', async () => {
  await control({ action: 'absolute', position: { pan: 0, tilt: 0, zoom: 0 } });
  await atRest();
  assert.deepEqual((await control({ action: 'continuous', velocity: { pan: 0.2, zoom: -1 }, timeoutMs: 100 })).limit, ['zoom']);
  await atRest();
  await refused({ action: 'continuous', velocity: { zoom: -1 } }, 1200);
  await refused({ action: 'relative', delta: { zoom: -0.1 } }, 1200);
  await refused({ action: 'absolute', unit: 'deg', position: { pan: 171 } }, 1206);
});

test('ptz.getPresets: what is kept with ptz.control is listed, gone to, and removed', async () => {
  await control({ action: 'absolute', position: { pan: 0.2, tilt: 0.1, zoom: 0 } });
  await refused({ action: 'setPreset', presetId: 3 }, 1204);
  const position = await atRest();
  assert.equal((await control({ action: 'setPreset', presetId: 3, name: 'Gate' })).presetId, 3);
  await control({ action: 'setHome' });
  const { presets, max } = await system.client.command(system.deviceId, 'ptz.getPresets', { channel: 1 });
  assert.deepEqual(
    presets.map(({ updatedAt: _, ...preset }) => preset),
    [{ presetId: 3, name: 'Gate', position }],
  );
  assert.ok(max >= 8);
  for (const action of ['gotoPreset', 'gotoHome'] as const) {
    await control({ action: 'absolute', position: { pan: 0, tilt: 0, zoom: 0 } });
    await atRest();
    await control({ action, ...(action === 'gotoPreset' && { presetId: 3 }) });
    assert.deepEqual(await atRest(), position);
  }
  await refused({ action: 'gotoPreset', presetId: 9 }, 1201);
  for (let count = presets.length; count < max; count += 1) await control({ action: 'setPreset' });
  await refused({ action: 'setPreset' }, 1202);
  await refused({ action: 'setPreset', presetId: 1, name: 'Gate' }, 1203);
  for (let presetId = 1; presetId <= max; presetId += 1) await control({ action: 'removePreset', presetId });
  await refused({ action: 'removePreset', presetId: 3 }, 1201);
});

test('ptz.control: a tour goes on until it is stopped; following is not offered', async () => {
  await refused({ action: 'cruiseStart', cruise: { mode: 'presets' } }, 1201);
  assert.equal((await control({ action: 'cruiseStart', cruise: { mode: 'panorama' }, speed: 1 })).state, 'moving');
  await eventually('the head is on its way', async () => (((await status()).position?.pan ?? 0) < 0 ? true : undefined));
  await refused({ action: 'track', enabled: true }, 1003);
  assert.equal((await control({ action: 'cruiseStop' })).state, 'idle');
  const { capabilities } = await system.client.call('device.get', { params: { id: system.deviceId } });
  const { actions = [] } = capabilities?.channels[0]?.ptz ?? {};
  assert.ok(actions.includes('cruiseStart') && !actions.includes('track'));
});

test('ptz.control: many moves at once cost one, the newest, and nobody waits for the others', async () => {
  await control({ action: 'absolute', position: { pan: 0, tilt: 0, zoom: 0 } });
  await atRest();
  const zooms = Array.from({ length: 40 }, (_, index) => (index + 1) / 40);
  const answers = await Promise.all(zooms.map((zoom) => control({ action: 'absolute', position: { zoom } })));
  assert.equal(answers.length, 40);
  assert.equal((await atRest())?.zoom, 1);
});

test('ptz.control: in privacy mode the head stays where it is (1012)', async () => {
  const set = (mode: string) => system.client.command(system.deviceId, 'config.set', { patch: { 'privacy.mode': mode } });
  await set('on');
  await refused({ action: 'continuous', velocity: { pan: 1 } }, 1012);
  await set('off');
});

test('ptz.control: while it calibrates every move is refused with 1205, and then the head stands at home', async () => {
  assert.equal((await control({ action: 'calibrate' })).state, 'calibrating');
  await refused({ action: 'gotoHome' }, 1205);
  assert.deepEqual(await atRest(), { pan: 0.2, tilt: 0.1, zoom: 0 });
});
