import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineRpc, type RpcDefinition } from '@cardea/protocol';
import { Type } from 'typebox';
import { VirtualClock } from './clock.ts';
import { AppError } from './errors.ts';
import type { Link } from './link.ts';
import { silentLogger } from './logger.ts';
import { createLoopbackLinks } from './loopback-link.ts';
import { type CallHandler, RpcPeer } from './rpc-peer.ts';

const add = defineRpc({
  method: 'test.add',
  sender: 'platform',
  description: 'Adds two numbers.',
  delivery: 'online',
  provenance: { clause: '9.3.2.1.1', item: 'extension', status: 'project-choice' },
  params: Type.Object({ a: Type.Integer(), b: Type.Integer() }),
  result: Type.Object({ sum: Type.Integer() }),
  errors: [],
  examples: [],
});

interface Pair {
  readonly clock: VirtualClock;
  readonly caller: RpcPeer;
}

function connect(
  handle: CallHandler,
  accepts: (method: string) => RpcDefinition | undefined = (m) => (m === add.method ? add : undefined),
): Pair {
  const clock = new VirtualClock();
  const [callerLink, calleeLink] = createLoopbackLinks();
  const caller = new RpcPeer({
    link: callerLink,
    accepts: () => undefined,
    handle,
    clock,
    logger: silentLogger,
  });
  caller.start();
  new RpcPeer({ link: calleeLink, accepts, handle, clock, logger: silentLogger }).start();
  return { clock, caller };
}

const sum: CallHandler = async (_definition, params) => {
  const { a, b } = params as { a: number; b: number };
  return { sum: a + b };
};

test('a call brings back the result of the other end', async () => {
  const { caller } = connect(sum);
  assert.deepEqual(await caller.call(add, { a: 2, b: 3 }), { sum: 5 });
  assert.equal(caller.pendingCount, 0);
});

test('an error of the other end arrives with its status and its own words', async () => {
  const { caller } = connect(async () => {
    throw new AppError('LOW_BATTERY', { batteryPct: 4 });
  });
  await assert.rejects(caller.call(add, { a: 1, b: 1 }), (error: AppError) => {
    assert.equal(error.status, 'LOW_BATTERY');
    assert.equal(error.remote?.code, 1011);
    return true;
  });
});

test('a call without an answer ends at its deadline and a late answer changes nothing', async () => {
  let release: (() => void) | undefined;
  const { caller, clock } = connect(async (_definition, params) => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    return sum(_definition, params, { signal: new AbortController().signal, wantsAnswer: true });
  });
  const call = assert.rejects(caller.call(add, { a: 1, b: 1 }), { status: 'TIMEOUT' });
  await clock.advance(10_000);
  await call;
  release?.();
  await clock.advance(1);
  assert.equal(caller.pendingCount, 0);
});

test('an aborted call stops waiting at once', async () => {
  const { caller } = connect(() => new Promise(() => {}));
  const controller = new AbortController();
  const call = assert.rejects(caller.call(add, { a: 1, b: 1 }, { signal: controller.signal }), { status: 'CANCELLED' });
  controller.abort();
  await call;
  assert.equal(caller.pendingCount, 0);
});

test('the seventeenth unanswered call is refused', async () => {
  const { caller } = connect(() => new Promise(() => {}));
  const calls = Array.from({ length: 16 }, () => caller.call(add, { a: 1, b: 1 }).catch((error: AppError) => error.status));
  await assert.rejects(caller.call(add, { a: 1, b: 1 }), { status: 'LIMIT_EXCEEDED' });
  caller.close(1000, 'done');
  assert.deepEqual(new Set(await Promise.all(calls)), new Set(['GOING_AWAY']));
});

test('params outside the schema are refused before any handler runs', async () => {
  let calls = 0;
  const { clock, caller } = connect(async () => {
    calls += 1;
    return { sum: 0 };
  });
  await assert.rejects(caller.call(add, { a: 1.5, b: 1 }), { status: 'INVALID_PARAMS' });
  await clock.advance(0);
  assert.equal(calls, 0);
});

test('a result outside the schema is an error of the other end, not a value', async () => {
  const { caller } = connect(async () => ({ sum: 'five' }));
  await assert.rejects(caller.call(add, { a: 2, b: 3 }), { status: 'INTERNAL_ERROR' });
});

test('an unknown method is answered, an unknown notification is ignored', async () => {
  const { caller } = connect(sum, () => undefined);
  caller.notify(add, { a: 1, b: 1 });
  await assert.rejects(caller.call(add, { a: 1, b: 1 }), { status: 'METHOD_NOT_FOUND' });
});

function rawPeer(): { readonly clock: VirtualClock; readonly raw: Link; readonly received: string[]; readonly closed: number[] } {
  const clock = new VirtualClock();
  const [raw, link] = createLoopbackLinks();
  const received: string[] = [];
  const closed: number[] = [];
  new RpcPeer({ link, accepts: (m) => (m === add.method ? add : undefined), handle: sum, clock, logger: silentLogger }).start();
  raw.open({ onText: (text) => received.push(text), onBinary: () => {}, onClose: (code) => closed.push(code) });
  return { clock, raw, received, closed };
}

test('text that is not JSON is answered with -32700 and the connection stays', async () => {
  const { clock, raw, received, closed } = rawPeer();
  raw.sendText('{"jsonrpc":');
  raw.sendText('{"jsonrpc":"2.0","id":"x","method":"test.add","params":{"a":1,"b":2}}');
  await clock.advance(0);
  assert.equal(JSON.parse(received[0] ?? '').error.code, -32700);
  assert.equal(JSON.parse(received[0] ?? '').id, null);
  assert.deepEqual(JSON.parse(received[1] ?? ''), { jsonrpc: '2.0', id: 'x', result: { sum: 3 } });
  assert.deepEqual(closed, []);
});

test('ten malformed messages within a minute close the connection with 1002', async () => {
  const { clock, raw, closed } = rawPeer();
  for (let i = 0; i < 9; i += 1) raw.sendText('[]');
  await clock.advance(0);
  assert.deepEqual(closed, []);
  raw.sendText('[]');
  await clock.advance(0);
  assert.deepEqual(closed, [1002]);
});

test('a binary frame closes the connection with 1003', async () => {
  const { clock, raw, closed } = rawPeer();
  raw.sendBinary(new Uint8Array([1]));
  await clock.advance(0);
  assert.deepEqual(closed, [1003]);
});
