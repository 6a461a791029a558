import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiProblem } from '@cardea/api';
import { eventually } from '../eventually.ts';
import { startSystem } from './system.ts';

/** The code a command is refused with, and what it says about it. */
async function refusal(command: Promise<unknown>): Promise<readonly [number, unknown]> {
  const error = await command.then(
    () => assert.fail('it was not refused'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ApiProblem);
  const { details } = error.deviceErrorData as { readonly details?: unknown };
  return [error.deviceError ?? error.code, details];
}

test('config.get: the owner reads all of it, a part of it, and what the camera really encodes', async () => {
  await using system = await startSystem();
  const { client, deviceId } = system;
  const { config, version } = await client.command(deviceId, 'config.get', {});
  assert.equal(version, 0);
  assert.equal(config['record.cloud.mode'], 'continuous');
  const { capabilities } = await client.call('device.get', { params: { id: deviceId } });
  assert.deepEqual(Object.keys(config).sort(), [...(capabilities?.configKeys ?? [])].sort());
  const part = await client.command(deviceId, 'config.get', { keys: ['record.cloud', 'device.name'] });
  assert.deepEqual(part.config, {
    ...{ 'record.cloud.mode': 'continuous', 'record.cloud.schedule': [], 'record.cloud.streams': 'main' },
    ...{ 'record.cloud.preRollSec': 5, 'record.cloud.postRollSec': 10, 'record.cloud.audio': true },
    'device.name': 'Front door',
  });
  const { config: video } = await client.command(deviceId, 'config.get', { channel: 1, keys: ['video.main'] });
  const [main] = capabilities?.channels[0]?.video ?? [];
  assert.deepEqual(
    [video['video.main.codec'], [video['video.main.width'], video['video.main.height']]],
    [main?.codecs[0], main?.resolutions[0]],
  );
  assert.deepEqual(await refusal(client.command(deviceId, 'config.get', { keys: ['colour'] })), [1500, { key: 'colour' }]);
  const absent = client.command(deviceId, 'config.get', { channel: 9 });
  await assert.rejects(absent, { code: 1100 });
});

test('config.set: one bad key refuses all, unless what is possible was asked for; the version tells who was faster', async () => {
  await using system = await startSystem();
  const { client, deviceId } = system;
  const set = (params: Parameters<typeof client.command<'config.set'>>[2]) => client.command(deviceId, 'config.set', params);
  assert.deepEqual(await set({ ifVersion: 0, patch: { 'record.cloud.preRollSec': 7 } }), {
    version: 1,
    applied: ['record.cloud.preRollSec'],
  });
  assert.deepEqual(await refusal(set({ ifVersion: 0, patch: { 'record.cloud.preRollSec': 8 } })), [1503, { version: 1 }]);
  const bad: [string, unknown, number][] = [
    ['colour', 'red', 1500],
    ['video.main.fps', 5, 1501],
    ['record.cloud.preRollSec', 31, 1502],
    ['privacy.mode', 'sometimes', 1502],
    ['device.timezone', 'Mars/Base', 1502],
  ];
  for (const [key, value, code] of bad) {
    const [found, details] = await refusal(set({ patch: { 'device.name': 'Porch', [key]: value } }));
    assert.equal(found, code, key);
    assert.equal((details as { key?: string }).key, key);
  }
  assert.equal((await client.command(deviceId, 'config.get', { keys: ['device.name'] })).config['device.name'], 'Front door');
  const part = await set({ atomic: false, patch: { ...Object.fromEntries(bad), 'device.name': 'Porch' } });
  assert.deepEqual(part.applied, ['device.name']);
  assert.deepEqual(
    part.rejected?.map(({ key, code }) => [key, code]),
    bad.map(([key, , code]) => [key, code]),
  );
  assert.equal(part.version, 2);
});

test('config.set: the name of the camera is its name in the app, until the owner gives it another there', async () => {
  await using system = await startSystem({ platform: { 'keepAlive.intervalSec': 5 } });
  const { client, deviceId } = system;
  const shown = async () => (await client.call('device.get', { params: { id: deviceId } })).name;
  assert.equal(await shown(), 'Front door');
  await client.command(deviceId, 'config.set', { patch: { 'device.name': 'Porch' } });
  await eventually('the new name is shown', async () => ((await shown()) === 'Porch' ? true : undefined));
  await client.call('device.update', { params: { id: deviceId }, body: { name: 'My porch' } });
  await client.command(deviceId, 'config.set', { patch: { 'device.name': 'Veranda' } });
  await eventually('the camera goes by the next name', async () => {
    const { channels } = await client.call('device.get', { params: { id: deviceId } });
    return channels[0]?.name === 'Veranda' ? true : undefined;
  });
  assert.equal(await shown(), 'My porch');
});

test('config.changed: a change at the camera itself is told, and shows in the app', async () => {
  await using system = await startSystem();
  const { client, device, deviceId } = system;
  await device.agent.configure({ 'device.name': 'Garage', 'privacy.mode': 'on' });
  await eventually('the change is told', async () => {
    const { items } = await client.call('event.list', { query: { deviceId, type: 'config' } });
    return items.length > 0 ? true : undefined;
  });
  await eventually('the name is shown', async () => {
    const { name } = await client.call('device.get', { params: { id: deviceId } });
    return name === 'Garage' ? true : undefined;
  });
  const { channels } = await client.command(deviceId, 'device.getStatus', {});
  assert.equal(channels[0]?.privacy, true);
});

test('config.reset: keys go back to their defaults, and everything does while the binding stays', async () => {
  await using system = await startSystem();
  const { client, deviceId } = system;
  await client.command(deviceId, 'config.set', {
    patch: { 'device.name': 'Porch', 'record.cloud.preRollSec': 7, 'record.cloud.postRollSec': 8 },
  });
  await client.command(deviceId, 'config.reset', { scope: 'keys', keys: ['record.cloud'] });
  const { config } = await client.command(deviceId, 'config.get', {});
  assert.deepEqual([config['record.cloud.preRollSec'], config['record.cloud.postRollSec'], config['device.name']], [5, 10, 'Porch']);
  assert.deepEqual(await refusal(client.command(deviceId, 'config.reset', { scope: 'keys', keys: ['video.main.fps'] })), [
    1501,
    { key: 'video.main.fps' },
  ]);
  await client.command(deviceId, 'config.reset', { scope: 'soft' });
  assert.equal((await client.command(deviceId, 'config.get', {})).config['device.name'], 'Front door');
  assert.equal(system.device.bound, true);
});

test('config.reset: a factory reset takes the camera out of its home, for good', async () => {
  await using system = await startSystem();
  const { client, device, deviceId } = system;
  await client.command(deviceId, 'config.set', { patch: { 'device.name': 'CANARY' } });
  await assert.rejects(client.command(deviceId, 'config.reset', { scope: 'factory' }), { code: -32_602 });
  await client.command(deviceId, 'config.reset', { scope: 'factory', keepBinding: false });
  await eventually('the device belongs to nobody, here and there', async () => {
    const { items } = await client.call('device.list', {});
    return items.length === 0 && !device.bound && device.online ? true : undefined;
  });
  assert.equal(device.agent.capabilities.channels[0]?.name, 'Front door');
});
