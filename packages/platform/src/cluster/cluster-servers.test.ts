import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasStatus } from '@cardea/core';
import { ClusterServers } from './cluster-servers.ts';
import type { PlatformNode } from './node-registry.ts';

const node = (id: string, connections: number, more: Partial<PlatformNode> = {}): PlatformNode => ({
  id,
  url: `http://${id}.example`,
  roles: ['access'],
  connections,
  state: 'serving',
  ...more,
});

const hub = node('hub', 0, { roles: ['scheduling', 'media', 'video', 'api'] });

function serversOf(...nodes: readonly PlatformNode[]): ClusterServers {
  return new ClusterServers({ nodes: () => [hub, ...nodes], self: () => hub });
}

test('a device is placed on the access server with the fewest, with the next one beside it', async () => {
  const { deviceCount, vdUrls, vmUrls, vrBaseUrl } = await serversOf(node('a', 30), node('b', 10), node('c', 20)).pick({
    excludeServers: [],
  });
  assert.deepEqual(vdUrls, ['ws://b.example/vd/v1', 'ws://c.example/vd/v1']);
  assert.equal(deviceCount, 11, 'this one counts');
  assert.deepEqual([vmUrls, vrBaseUrl], [['ws://hub.example/vm/v1'], 'http://hub.example/vr/v1']);
});

test('devices that come between two heartbeats are spread, though no heartbeat counts them yet', async () => {
  const servers = serversOf(node('a', 4), node('b', 0));
  const placed: (string | undefined)[] = [];
  for (let device = 0; device < 8; device += 1) placed.push((await servers.pick({ excludeServers: [] })).vdUrls[0]);
  assert.deepEqual(
    [placed.filter((url) => url === 'ws://a.example/vd/v1').length, placed.filter((url) => url === 'ws://b.example/vd/v1').length],
    [2, 6],
  );
});

test('a server the device does not want again is left out while there is another', async () => {
  const servers = serversOf(node('a', 1), node('b', 99));
  assert.deepEqual((await servers.pick({ excludeServers: ['ws://a.example/vd/v1'] })).vdUrls, ['ws://b.example/vd/v1']);
  const alone = serversOf(node('a', 1));
  assert.deepEqual((await alone.pick({ excludeServers: ['ws://a.example/vd/v1'] })).vdUrls, ['ws://a.example/vd/v1']);
});

test('a server that drains gets no device, and without any the device is told when to ask again', async () => {
  await assert.rejects(serversOf(node('a', 1, { state: 'draining' })).pick({ excludeServers: [] }), (error) => {
    assert.ok(hasStatus(error, 'NO_CAPACITY'));
    assert.equal(error.retryAfterMs, 5_000);
    return true;
  });
});

test('of the media servers the one with the least to do is named first', () => {
  const media = (id: string, sessions: number): PlatformNode =>
    node(id, 0, { roles: ['media'], media: { sessions, bytesPerSec: 0, maxSessions: 1_000, maxBytesPerSec: 1_000 } });
  assert.deepEqual(serversOf(media('a', 300), media('b', 20)).addresses().vmUrls, [
    'ws://hub.example/vm/v1',
    'ws://b.example/vm/v1',
    'ws://a.example/vm/v1',
  ]);
});
