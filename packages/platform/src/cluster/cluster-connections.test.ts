import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasStatus, silentLogger, VirtualClock } from '@cardea/core';
import { queryDeviceTime, resetDeviceConfiguration } from '@cardea/protocol';
import { LoopbackExchange } from '../store/bus/testing/loopback-exchange.ts';
import { ClusterConnections } from './cluster-connections.ts';
import { NodeRegistry } from './node-registry.ts';
import { FakeConnections } from './testing/fake-connections.ts';

const DEVICE = 'device-1';

interface Process extends AsyncDisposable {
  readonly local: FakeConnections;
  readonly nodes: NodeRegistry;
  readonly connections: ClusterConnections;
}

async function startProcess(
  id: string,
  { clock, exchanges }: { readonly clock: VirtualClock; readonly exchanges: LoopbackExchange },
): Promise<Process> {
  const stack = new AsyncDisposableStack();
  const exchange = exchanges.end();
  const local = new FakeConnections(id);
  const shared = { exchange, clock, logger: silentLogger };
  const self = () => ({
    id,
    url: `http://${id}.example`,
    roles: ['access'],
    connections: local.connectionCount,
    state: 'serving' as const,
  });
  const nodes = stack.use(new NodeRegistry({ ...shared, self }));
  const connections = stack.use(new ClusterConnections({ ...shared, local, nodes }));
  connections.start();
  await nodes.start();
  return { local, nodes, connections, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function startTwo() {
  const clock = new VirtualClock();
  const exchanges = new LoopbackExchange();
  const a = await startProcess('a', { clock, exchanges });
  const b = await startProcess('b', { clock, exchanges });
  await clock.advance(0);
  const dispose = async (): Promise<void> => {
    await b[Symbol.asyncDispose]();
    await a[Symbol.asyncDispose]();
  };
  return { clock, exchanges, a, b, [Symbol.asyncDispose]: dispose };
}

test('a command reaches a device that is connected to another process', async () => {
  await using both = await startTwo();
  const { a, b, clock } = both;
  b.local.set(DEVICE, 'online');
  await clock.advance(0);
  assert.equal(a.connections.presenceOf(DEVICE), 'online');
  assert.deepEqual(await a.connections.call(DEVICE, queryDeviceTime, { serverSentAt: 1 }), { by: 'b' });
});

test('a device that moves is handed over, and a command follows it', async () => {
  await using both = await startTwo();
  const { a, b, clock } = both;
  a.local.set(DEVICE, 'online');
  await clock.advance(0);
  b.local.set(DEVICE, 'online');
  await clock.advance(0);
  assert.deepEqual(a.local.log, [`handOver ${DEVICE}`]);
  assert.deepEqual(await a.connections.call(DEVICE, queryDeviceTime, { serverSentAt: 1 }), { by: 'b' });
  a.local.set(DEVICE, 'offline');
  await clock.advance(0);
  assert.equal(b.connections.presenceOf(DEVICE), 'online', 'what the old process says of it does not count any more');
});

test('a command waits for a device that is between two processes, and fails when it stays away', async () => {
  await using both = await startTwo();
  const { a, b, clock } = both;
  b.local.set(DEVICE, 'online');
  b.local.set(DEVICE, 'suspect');
  await clock.advance(0);
  const waiting = a.connections.call(DEVICE, queryDeviceTime, { serverSentAt: 1 });
  await clock.advance(3_000);
  b.local.set(DEVICE, 'online');
  await clock.advance(1_000);
  assert.deepEqual(await waiting, { by: 'b' });
  b.local.set(DEVICE, 'suspect');
  await clock.advance(0);
  const late = assert.rejects(a.connections.call(DEVICE, queryDeviceTime, { serverSentAt: 1 }), (error) =>
    hasStatus(error, 'DEVICE_OFFLINE'),
  );
  await clock.advance(11_000);
  await late;
});

test('one of the processes that are left awaits the devices of one that fell silent', async () => {
  await using both = await startTwo();
  const { a, b, clock } = both;
  await using third = await startProcess('c', both);
  await clock.advance(0);
  third.local.set(DEVICE, 'online');
  await clock.advance(0);
  await third.nodes[Symbol.asyncDispose]();
  await clock.advance(0);
  assert.deepEqual([a.local.log, b.local.log], [[`expect ${DEVICE}`], []]);
  assert.equal(b.connections.presenceOf(DEVICE), 'suspect');
});

test('devices of a process that was taken for dead by mistake are online again when it is heard', async () => {
  await using both = await startTwo();
  const { a, b, clock } = both;
  b.local.set(DEVICE, 'online');
  await clock.advance(0);
  await b.nodes[Symbol.asyncDispose]();
  await clock.advance(0);
  assert.equal(a.connections.presenceOf(DEVICE), 'suspect');
  const exchange = both.exchanges.end();
  exchange.announce('node', { ...b.nodes.self(), state: 'serving' });
  await clock.advance(0);
  assert.deepEqual(a.local.log, [`expect ${DEVICE}`, `handOver ${DEVICE}`]);
  assert.deepEqual(await a.connections.call(DEVICE, queryDeviceTime, { serverSentAt: 1 }), { by: 'b' });
});

test('a process that starts knows the devices of the others and awaits the rest', async () => {
  await using both = await startTwo();
  const { a, clock } = both;
  a.local.set(DEVICE, 'online');
  await using third = await startProcess('c', both);
  third.connections.expect([DEVICE, 'device-2']);
  await clock.advance(1_000);
  assert.equal(third.connections.presenceOf(DEVICE), 'online');
  assert.deepEqual(third.local.log, ['expect device-2']);
});

test('an unbound device is told so through the process that holds it', async () => {
  await using both = await startTwo();
  const { a, b, clock } = both;
  b.local.set(DEVICE, 'online');
  await clock.advance(0);
  const connection = a.connections.detach(DEVICE);
  await connection?.call(resetDeviceConfiguration, { scope: 'soft' });
  connection?.close(4014, 'the device was unbound');
  await clock.advance(0);
  assert.deepEqual(b.local.log, [`detach ${DEVICE}`, `farewell ${DEVICE} config.reset`, `close ${DEVICE} 4014`]);
});

test('a disabled device loses its connection at the process that holds it', async () => {
  await using both = await startTwo();
  const { a, b, clock } = both;
  b.local.set(DEVICE, 'online');
  await clock.advance(0);
  a.connections.dismiss(DEVICE, 4003, 'the device was disabled');
  await clock.advance(0);
  assert.deepEqual([a.local.log, b.local.log], [[], [`dismiss ${DEVICE} 4003`]]);
  assert.equal(a.connections.presenceOf(DEVICE), 'offline');
});

test('two processes of one name are not run', async () => {
  await using both = await startTwo();
  await assert.rejects(startProcess('a', both), /a process named a is running/);
});

test('who waits for a device hears that it came to another process', async () => {
  await using both = await startTwo();
  const { a, b, clock } = both;
  const heard: string[] = [];
  using _watch = a.connections.watchAll(({ deviceId, presence }) => heard.push(`${deviceId} ${presence}`));
  b.local.set(DEVICE, 'asleep');
  await clock.advance(0);
  b.local.set(DEVICE, 'online');
  await clock.advance(0);
  assert.deepEqual(heard, [`${DEVICE} online`]);
});
