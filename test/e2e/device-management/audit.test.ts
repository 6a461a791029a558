import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient } from '@cardea/api';
import { openViewer } from './live-pictures.ts';
import { EMAIL, PASSWORD, startPlatformHere } from './platform-here.ts';
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
  await client.call('device.update', { params: { id: deviceId }, body: { disabled: true } });
  await client.call('device.delete', { params: { id: deviceId } });
  const { items } = await client.call('audit.list', { query: { homeId: owner.homeId } });
  assert.deepEqual(
    items.map(({ action }) => action),
    [
      'device.delete',
      'device.update',
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
  assert.deepEqual(items[1]?.detail, { id: deviceId, disabled: true });
  assert.deepEqual(details['live.create'], { id: deviceId, channel: 1, stream: 'sub' });
  assert.doesNotMatch(JSON.stringify(items), /CANARY/);
  const { at = 0 } = items[0] ?? {};
  assert.deepEqual((await client.call('audit.list', { query: { homeId: owner.homeId, from: at + 1 } })).items, []);
});

test('a log-in that is refused is written down for the owner of the account, with where it came from', async () => {
  await using platform = await startPlatformHere();
  const { owner, url } = platform;
  const wrong = createClient({ baseUrl: url }).call('session.create', { body: { email: EMAIL.toUpperCase(), password: 'CANARY' } });
  await assert.rejects(wrong, { code: 1001 });
  const { items } = await owner.client.call('audit.list', { query: { homeId: owner.homeId } });
  const [{ action, detail, userName } = assert.fail('nothing was written down')] = items;
  assert.deepEqual([action, detail, userName], ['session.create', { address: '127.0.0.1', refused: 1001 }, 'Owner']);
  assert.doesNotMatch(JSON.stringify(items), /CANARY/);
});

test('a view that opens the address of a camera alone is written down, too', async () => {
  await using system = await startSystem();
  const { client, deviceId, owner, url } = system;
  const address = `${url.replace('http', 'ws')}/live/${deviceId}/1/sub/ws`;
  await using viewer = await openViewer(address, { authorization: `Bearer ${owner.token}` });
  await viewer.pictures(1);
  const { items } = await client.call('audit.list', { query: { homeId: owner.homeId } });
  const [{ action, detail, deviceId: about } = assert.fail('nothing was written down')] = items;
  assert.deepEqual([action, detail, about], ['live.create', { channel: 1, stream: 'sub' }, deviceId]);
});
