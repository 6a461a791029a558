import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '@cardea/api';
import { EMAIL, PASSWORD } from './platform-here.ts';
import { startSystem } from './system.ts';

test('the owner reads who logged in, watched, commanded, changed and removed a camera, and never what was set to what', async () => {
  await using system = await startSystem();
  const { client, deviceId, owner, url } = system;
  const { user } = await createClient({ baseUrl: url }).call('session.create', { body: { email: EMAIL, password: PASSWORD } });
  const { sessionId } = await client.call('live.create', { params: { id: deviceId }, body: { channel: 1, stream: 'sub' } });
  await client.call('live.delete', { params: { sessionId } });
  await client.command(deviceId, 'config.set', { patch: { 'device.name': 'CANARY' } });
  await client.command(deviceId, 'device.getStatus', {});
  await client.command(deviceId, 'ptz.control', { channel: 1, action: 'stop' });
  await client.call('device.update', { params: { id: deviceId }, body: { name: 'CANARY' } });
  await client.call('device.delete', { params: { id: deviceId } });
  const { items } = await client.call('audit.list', { query: { homeId: owner.homeId } });
  assert.deepEqual(
    items.map(({ action }) => action),
    [
      'device.delete',
      'device.update',
      'command:ptz.control',
      'command:config.set',
      'live.create',
      'session.create',
      'bindingCode.create',
      'setup.create',
    ],
  );
  for (const { userId, userName, deviceId: about, action } of items) {
    assert.deepEqual([userId, userName], [user.id, 'Owner'], action);
    const concerns = /^(command|device|live)/.test(action) ? deviceId : null;
    assert.equal(about, concerns, action);
  }
  const details = Object.fromEntries(items.map(({ action, detail }) => [action, detail]));
  assert.deepEqual(details['command:config.set'], { keys: ['device.name'] });
  assert.deepEqual(details['live.create'], { id: deviceId, channel: 1, stream: 'sub' });
  assert.doesNotMatch(JSON.stringify(items), /CANARY/);
  const { at = 0 } = items[0] ?? {};
  assert.deepEqual((await client.call('audit.list', { query: { homeId: owner.homeId, from: at + 1 } })).items, []);
});
