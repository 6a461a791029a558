import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { AppError, hasStatus, silentLogger } from '@cardea/core';
import type { BusMessage } from './bus.ts';
import { NatsBus } from './nats-bus.ts';

interface Buses extends AsyncDisposable {
  readonly first: NatsBus;
  readonly second: NatsBus;
  /** Sends the server a signal. */
  readonly signal: (signal: NodeJS.Signals) => void;
}

/** Two processes' ends of a bus over a server of their own. */
async function startBuses(): Promise<Buses> {
  await using stack = new AsyncDisposableStack();
  const child = spawn('nats-server', ['-a', '127.0.0.1', '-p', '-1'], { stdio: ['ignore', 'ignore', 'pipe'] });
  stack.defer(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const { promise: url, resolve } = Promise.withResolvers<string>();
  createInterface(child.stderr).on('line', (line) => {
    const [, address] = /Listening for client connections on (\S+)/.exec(line) ?? [];
    if (address !== undefined) resolve(`nats://${address}`);
  });
  const open = async (name: string): Promise<NatsBus> => stack.use(await NatsBus.open({ url: await url, name, logger: silentLogger }));
  const [first, second] = [await open('first'), await open('second')];
  const running = stack.move();
  const signal = (name: NodeJS.Signals): void => void child.kill(name);
  return { first, second, signal, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

test('what one process publishes reaches its own subscribers at once and those of the others once', async () => {
  await using buses = await startBuses();
  const { first, second } = buses;
  const here: BusMessage[] = [];
  const { promise: arrived, resolve } = Promise.withResolvers<BusMessage>();
  first.subscribe('device', (message) => here.push(message));
  second.subscribe('device', resolve);
  // An answered request proves that the server knows the subscriptions made before it.
  second.serve('ready', async () => true);
  await untilServed(first, 'ready');
  const message = { type: 'device', homeId: 'home-1', deviceId: 'device-1' } as const;
  first.publish(message);
  assert.deepEqual(here, [message]);
  assert.deepEqual(await arrived, message);
  assert.deepEqual(here, [message]);
});

test('a request is answered by one of those who serve it, and a refusal arrives as it was thrown', async () => {
  await using buses = await startBuses();
  const { first, second } = buses;
  second.serve('twice', async (body) => Number(body) * 2);
  second.serve('refuse', async () => {
    throw new AppError('DEVICE_ASLEEP', { since: 7 }, { retryAfterMs: 90, remote: { code: 1016, message: 'asleep' } });
  });
  await untilServed(first, 'twice');
  assert.equal(await first.request('twice', 21, { timeoutMs: 5_000 }), 42);
  await assert.rejects(first.request('refuse', {}, { timeoutMs: 5_000 }), (error) => {
    assert.ok(hasStatus(error, 'DEVICE_ASLEEP'));
    assert.deepEqual([error.details, error.retryAfterMs, error.remote], [{ since: 7 }, 90, { code: 1016, message: 'asleep' }]);
    return true;
  });
});

test('a request nobody serves, or that is given up, ends at once', async () => {
  await using buses = await startBuses();
  const { first, second } = buses;
  await assert.rejects(first.request('nobody', {}, { timeoutMs: 60_000 }), (error) => hasStatus(error, 'NOT_FOUND'));
  second.serve('silent', () => new Promise(() => {}));
  second.serve('ready', async () => true);
  await untilServed(first, 'ready');
  await assert.rejects(first.request('silent', {}, { timeoutMs: 20 }), (error) => hasStatus(error, 'TIMEOUT'));
  const impatience = new AbortController();
  const given = first.request('silent', {}, { timeoutMs: 60_000, signal: impatience.signal });
  impatience.abort();
  await assert.rejects(given, (error) => hasStatus(error, 'CANCELLED'));
});

test('a bus that is not there is named', async () => {
  await assert.rejects(
    NatsBus.open({ url: 'nats://127.0.0.1:1', name: 'lost', logger: silentLogger }),
    /cannot reach the bus at 127\.0\.0\.1:1/,
  );
});

async function untilServed(bus: NatsBus, subject: string): Promise<void> {
  for (;;) {
    try {
      await bus.request(subject, 0, { timeoutMs: 5_000 });
      return;
    } catch (error) {
      if (!hasStatus(error, 'NOT_FOUND')) throw error;
    }
  }
}

test('while the way to the others is lost nobody waits for them, and afterwards they are asked again', async () => {
  await using buses = await startBuses();
  const { first, second, signal } = buses;
  second.serve('slow', () => new Promise(() => {}));
  second.serve('ready', async () => true);
  await untilServed(first, 'ready');
  const { promise: returned, resolve } = Promise.withResolvers<void>();
  first.watchReturn(resolve);
  const refused = (error: unknown): boolean => hasStatus(error, 'NO_CAPACITY') && error.retryAfterMs === 5_000;
  const waiting = assert.rejects(first.request('slow', {}, { timeoutMs: 60_000 }), refused);
  // Nothing is closed: only that no answer comes tells that the server is away.
  signal('SIGSTOP');
  await waiting;
  await assert.rejects(first.request('ready', {}, { timeoutMs: 60_000 }), refused);
  signal('SIGCONT');
  await returned;
  await untilServed(first, 'ready');
});

test('a bus that cannot be reached is named without its password', async () => {
  const opening = NatsBus.open({ url: 'nats://cardea:canary-of-the-bus@127.0.0.1:1', name: 'first', logger: silentLogger });
  await assert.rejects(opening, (error: unknown) => {
    assert.ok(hasStatus(error, 'INVALID_STATE') && error.message.includes('127.0.0.1:1'));
    return !inspect(error, { depth: 20 }).includes('canary');
  });
});
