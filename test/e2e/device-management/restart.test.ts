import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiProblem } from '@cardea/api';
import { eventually } from '../eventually.ts';
import { openViewer } from './live-pictures.ts';
import { startSystem } from './system.ts';

test('device.reboot: asked by its owner, the camera restarts and is back with its home, its recordings and its name', async () => {
  await using system = await startSystem();
  const { client, deviceId } = system;
  const before = await client.command(deviceId, 'device.getStatus', {});
  const answer = await client.command(deviceId, 'device.reboot', { delaySec: 0 });
  assert.equal(answer.accepted, true);
  assert.equal(answer.expectedDownTimeSec, 5);
  const after = await eventually('the device is back', async () => {
    const status = await client.command(deviceId, 'device.getStatus', {});
    return status.bootId === before.bootId ? undefined : status;
  });
  assert.ok(after.uptimeSec <= 5);
  const { state, name } = await client.call('device.get', { params: { id: deviceId } });
  assert.deepEqual([state, name, system.device.bound], ['online', 'Front door', true]);
});

test('device.reboot: the same task, sent again after the restart, restarts nothing', async () => {
  await using system = await startSystem();
  const { client, deviceId } = system;
  const taskId = '01KDVAHX5Q6R8D0G2E9ZKMJ4PT';
  const { bootId: first } = await client.command(deviceId, 'device.getStatus', {});
  const answer = await client.command(deviceId, 'device.reboot', { taskId, delaySec: 0 });
  const second = await eventually('the device is back', async () => {
    const { bootId } = await client.command(deviceId, 'device.getStatus', {});
    return bootId === first ? undefined : bootId;
  });
  assert.deepEqual(await client.command(deviceId, 'device.reboot', { taskId, delaySec: 0 }), answer);
  assert.equal((await client.command(deviceId, 'device.getStatus', {})).bootId, second);
});

test('channel.reboot: whoever watches sees the channel stop and come back, and the device keeps running', async () => {
  await using system = await startSystem();
  const { client, deviceId } = system;
  const { bootId } = await client.command(deviceId, 'device.getStatus', {});
  const session = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'sub' } });
  await using viewer = await openViewer(session.urls.ws);
  await viewer.pictures(30);
  const [before] = (await client.command(deviceId, 'device.getStatus', {})).channels[0]?.live ?? [];
  const answer = await client.command(deviceId, 'channel.reboot', { channel: 1 });
  assert.deepEqual(answer, { accepted: true, expectedDownTimeSec: 2 });
  const renewed = await eventually('another push of the channel', async () => {
    const [live] = (await client.command(deviceId, 'device.getStatus', {})).channels[0]?.live ?? [];
    return live !== undefined && live.sessionId !== before?.sessionId && live.state === 'publishing' ? live : undefined;
  });
  assert.notEqual(renewed.sessionId, before?.sessionId);
  await viewer.pictures(30);
  assert.equal((await client.command(deviceId, 'device.getStatus', {})).bootId, bootId);
});

test('channel.reboot: a channel the camera does not have is refused with its code', async () => {
  await using system = await startSystem();
  await assert.rejects(system.client.command(system.deviceId, 'channel.reboot', { channel: 7 }), (error) => {
    assert.ok(error instanceof ApiProblem);
    assert.equal(error.code, 1100);
    return true;
  });
});
