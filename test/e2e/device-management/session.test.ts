import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiProblem } from '@cardea/api';
import { eventually } from '../eventually.ts';
import { watch } from '../live-viewer.ts';
import { probe } from '../probe.ts';
import { type System, startSystem } from './system.ts';

let system: System;

before(async () => {
  system = await startSystem({ platform: { 'keepAlive.intervalSec': 5 } });
});

after(async () => {
  await system[Symbol.asyncDispose]();
});

function refusedWith(code: number): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof ApiProblem);
    assert.equal(error.code, code);
    return true;
  };
}

test('binding.report: a device that brought a code is in the home that made it', async () => {
  const { client, deviceId, owner } = system;
  assert.equal((await client.call('device.get', { params: { id: deviceId } })).homeId, owner.homeId);
});

test('binding.get: the device says the same about its binding as the platform', async () => {
  const { state } = await system.client.command(system.deviceId, 'binding.get', {});
  assert.equal(state, 'bound');
});

test('device.keepAlive: each report moves the moment the device was last seen', async () => {
  const { client, deviceId } = system;
  const { lastSeenAt } = await client.call('device.get', { params: { id: deviceId } });
  const later = await eventually('a later report', async () => {
    const seen = await client.call('device.get', { params: { id: deviceId } });
    return (seen.lastSeenAt ?? 0) >= (lastSeenAt ?? 0) + 4_000 ? seen : undefined;
  });
  assert.equal(later.state, 'online');
});

test('server.getInfo: the device learns where to store video and does', async () => {
  const { client, deviceId } = system;
  const stored = await eventually(
    'a stored recording',
    async () => (await client.call('segment.list', { params: { id: deviceId } })).items[0],
  );
  assert.equal(stored.deviceId ?? deviceId, deviceId);
  assert.match(stored.sha256, /^[0-9a-f]{64}$/);
});

test('capability.get: what the device announces is what the platform offers', async () => {
  const { client, deviceId } = system;
  const set = await client.command(deviceId, 'capability.get', {});
  const { capabilities } = await client.call('device.get', { params: { id: deviceId } });
  assert.equal(set.profile, 'hss-open-1');
  assert.deepEqual(capabilities?.methods, set.methods);
  assert.ok(set.methods.includes('ptz.control'));
});

test('device.getStatus: it counts its time since start and names what is recording', async () => {
  const ask = () => system.client.command(system.deviceId, 'device.getStatus', {});
  const status = await ask();
  assert.match(status.bootId, /^[0-9A-HJKMNP-TV-Z]{26}$/);
  await eventually('a second more', async () => ((await ask()).uptimeSec > status.uptimeSec ? true : undefined));
  assert.equal(status.channels[0]?.recording.cloud, 'continuous');
  assert.equal(status.channels[0]?.recording.active, true);
});

test('live.push: the first viewer makes the camera publish pictures that decode', async () => {
  const { client, deviceId } = system;
  const session = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'sub' } });
  const { bytes } = await watch(session.urls.ws, 40);
  const { width, height, frames } = await probe(bytes);
  assert.deepEqual([width, height], [640, 360]);
  assert.ok(frames > 10);
  const { channels } = await client.command(deviceId, 'device.getStatus', { sections: ['channels'] });
  assert.equal(channels[0]?.live[0]?.state, 'publishing');
  await client.call('live.delete', { params: { sessionId: session.sessionId } });
});

test('live.push: as a plain command it starts the push all viewers share, and keeps it for a while without any', async () => {
  const { client, deviceId } = system;
  const { sessionId, video } = await client.command(deviceId, 'live.push', { channel: 1, stream: 'sub' });
  assert.deepEqual([video.width, video.height], [640, 360]);
  const session = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'sub' } });
  await watch(session.urls.ws, 5);
  const { channels } = await client.command(deviceId, 'device.getStatus', { sections: ['channels'] });
  assert.deepEqual(
    channels[0]?.live.map((live) => live.sessionId),
    [sessionId],
  );
  await client.call('live.delete', { params: { sessionId: session.sessionId } });
  assert.deepEqual((await client.command(deviceId, 'live.stop', { sessionId })).stopped, [sessionId]);
});

test('live.requestKeyframe: the running push is asked for a key frame, an unknown one is refused', async () => {
  const { client, deviceId } = system;
  const session = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'sub' } });
  await watch(session.urls.ws, 5);
  const { channels } = await client.command(deviceId, 'device.getStatus', { sections: ['channels'] });
  const sessionId = channels[0]?.live[0]?.sessionId ?? '';
  const { at } = await client.command(deviceId, 'live.requestKeyframe', { sessionId });
  assert.ok(Math.abs(at - Date.now()) < 5_000);
  await assert.rejects(client.command(deviceId, 'live.requestKeyframe', { sessionId: '01KDVAPJ7C5T9N3W1QX8Z6D0SG' }), refusedWith(1108));
  await client.call('live.delete', { params: { sessionId: session.sessionId } });
});

test('live.changed: a push the media server refuses is an event of the camera', async () => {
  const { client, deviceId, url } = system;
  const { sessionId } = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'sub' } });
  const { channels } = await client.command(deviceId, 'device.getStatus', { sections: ['channels'] });
  const target = { protocol: 'wss-fmp4', url: `${url.replace('http', 'ws')}/vm/v1/sessions/none`, expiresAt: Date.now() + 60_000 } as const;
  await client.command(deviceId, 'live.push', { channel: 1, stream: 'main', target: { ...target, token: 'wrong' }, ttlSec: 60 });
  await eventually('the failure is told', async () => {
    const { items } = await client.call('event.list', { query: { deviceId, kind: 'device', type: 'live' } });
    return items.some(({ state }) => state === 'error') ? true : undefined;
  });
  assert.equal(channels[0]?.live.length, 1, 'the other one goes on');
  await client.command(deviceId, 'live.stop', { channel: 1, stream: 'main' });
  await client.call('live.delete', { params: { sessionId } });
});

test('live.stop: ten seconds after the last viewer the camera publishes nothing', async () => {
  const { client, deviceId } = system;
  const session = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'main' } });
  await watch(session.urls.ws, 3);
  await client.call('live.delete', { params: { sessionId: session.sessionId } });
  const leftAt = performance.now();
  await eventually('the end of the push', async () => {
    const { channels } = await client.command(deviceId, 'device.getStatus', { sections: ['channels'] });
    return channels[0]?.live.length === 0 ? true : undefined;
  });
  assert.ok(performance.now() - leftAt > 5_000, 'the push lingers for viewers that come back');
  assert.deepEqual(await client.command(deviceId, 'live.stop', { channel: 1 }), { stopped: [] });
});

test('power.keepAwake: a camera on mains is awake for as long as it is asked', async () => {
  const { awakeUntil, grantedSec } = await system.client.command(system.deviceId, 'power.keepAwake', { durationSec: 60, reason: 'config' });
  assert.equal(grantedSec, 60);
  assert.ok(Math.abs(awakeUntil - Date.now() - 60_000) < 5_000);
});
