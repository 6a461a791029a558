import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { onServer, ROUND_MS, shownAlarms, startFleet, startTraffic } from '../support/busy-fleet.ts';
import { ClusterHere } from '../support/cluster.ts';
import { CardeaProcess } from './cardea-process.ts';
import { eventually } from './eventually.ts';

const DEVICES = 200;

test('device.reschedule: an access server is drained by its operator, another by SIGTERM, and no call and no event is lost', async (context) => {
  await using cluster = await ClusterHere.start();
  const { owner } = cluster;
  const first = await cluster.startAccess('access-1');
  const second = await cluster.startAccess('access-2');
  await using fleet = await startFleet(owner, { count: DEVICES });
  const { devices } = fleet;
  const [, firstUrl] = await first.printed(/^Cardea is ready at http(.+)$/);
  const [, secondUrl] = await second.printed(/^Cardea is ready at http(.+)$/);
  const before = [onServer(devices, `ws${firstUrl}/vd/v1`), onServer(devices, `ws${secondUrl}/vd/v1`)];
  context.diagnostic(`devices on each server: ${before.join(', ')}`);
  assert.ok(Math.min(...before) >= DEVICES * 0.4, 'each server got about half');

  await using traffic = startTraffic(owner, devices);
  await delay(ROUND_MS);
  await using operator = new CardeaProcess(['drain', '--node', 'access-1', '--bus', cluster.bus.url], { NODE_TEST_CONTEXT: undefined });
  await operator.printed(/^access-1 has no devices left and ends$/);
  assert.deepEqual([await operator.exited(), await first.exited()], [0, 0]);
  assert.deepEqual(onServer(devices, `ws${secondUrl}/vd/v1`), DEVICES);

  const third = await cluster.startAccess('access-3');
  const [, thirdUrl] = await third.printed(/^Cardea is ready at http(.+)$/);
  assert.equal(await second.stop('SIGTERM'), 0);
  assert.deepEqual(onServer(devices, `ws${thirdUrl}/vd/v1`), DEVICES);
  await delay(ROUND_MS);
  await traffic.stop();
  context.diagnostic(`${traffic.calls} calls, ${traffic.events} events, failures: ${JSON.stringify(traffic.failures.slice(0, 5))}`);
  assert.deepEqual(traffic.failures, []);
  assert.deepEqual(await shownAlarms(owner), { shown: traffic.events, different: traffic.events });
  assert.deepEqual(
    devices.map(({ attempts, moves }) => attempts - 1 - moves).filter((extra) => extra !== 0),
    [],
    'every new connection was a move',
  );
});

test('devices of an access server that died come back on another, where they are called and unbound from afar', async () => {
  await using cluster = await ClusterHere.start();
  const { client } = cluster.owner;
  const first = await cluster.startAccess('access-1');
  const second = await cluster.startAccess('access-2');
  await using fleet = await startFleet(cluster.owner, { count: 20 });
  const { devices, received } = fleet;
  const [, secondUrl] = await second.printed(/^Cardea is ready at http(.+)$/);
  await first.stop('SIGKILL');
  await eventually('every device to be on the server that is left', async () =>
    onServer(devices, `ws${secondUrl}/vd/v1`) === devices.length ? true : undefined,
  );
  for (const { id } of devices) {
    const { spans } = await client.command(id, 'record.list', { channel: 1, fromAt: 1, toAt: 2, cursor: 'question' });
    assert.equal(spans[0]?.fileId, `${id}/question`);
  }
  const { items } = await client.call('device.list', { query: { limit: 200 } });
  assert.deepEqual(new Set(items.map(({ state }) => state)), new Set(['online']));
  const [device] = devices;
  assert.ok(device);
  await client.call('device.delete', { params: { id: device.id } });
  await eventually('the device to be told that it was unbound', async () => (received.has(`${device.id} config.reset`) ? true : undefined));
});
