import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRandom, silentLogger, VirtualClock } from '@cardea/core';
import { openSqlite } from '../sql/sqlite.ts';
import type { BusMessage } from './bus.ts';
import { InProcessBus } from './in-process-bus.ts';
import { RecordedRevocations } from './recorded-revocations.ts';

const TRIALS = 100;

/** Two processes with one database, whose bus does not reach from one to the other. */
async function apart() {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-bus-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const db = await openSqlite(join(directory, 't.db'));
  stack.defer(() => db.destroy());
  const clock = new VirtualClock();
  const open = (): RecordedRevocations => {
    const options = { db, clock, random: createRandom(clock), logger: silentLogger };
    const bus = stack.use(new RecordedRevocations({ ...options, bus: new InProcessBus(silentLogger) }));
    bus.start();
    return bus;
  };
  const [here, there] = [open(), open()];
  const running = stack.move();
  return { db, clock, here, there, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

test('a hundred of a hundred revocations reach a process that the bus does not reach, each once and within a second', async () => {
  await using world = await apart();
  const { clock, here, there } = world;
  const heard: string[] = [];
  there.subscribe('revoked', ({ id }) => heard.push(id));
  for (let trial = 0; trial < TRIALS; trial += 1) {
    here.publish({ type: 'revoked', scope: 'user', id: `user-${trial}` });
    for (let tick = 0; tick < 10 && heard.length <= trial; tick += 1) await clock.advance(100);
    assert.equal(heard.at(-1), `user-${trial}`);
  }
  await clock.advance(2_000);
  assert.deepEqual(
    heard,
    Array.from({ length: TRIALS }, (_, trial) => `user-${trial}`),
  );
});

test('a revocation is heard at once where it was made, and only once; other messages pass', async () => {
  await using world = await apart();
  const { clock, here, there } = world;
  const heard: BusMessage[] = [];
  for (const topic of ['revoked', 'device'] as const) here.subscribe(topic, (message) => heard.push(message));
  there.subscribe('device', () => assert.fail('the buses are apart'));
  const messages: readonly BusMessage[] = [
    { type: 'revoked', scope: 'session', id: 's' },
    { type: 'device', homeId: 'h', deviceId: 'd' },
  ];
  for (const message of messages) here.publish(message);
  assert.deepEqual(heard, messages);
  await clock.advance(2_000);
  assert.deepEqual(heard, messages);
});

test('what every process has heard long ago is forgotten', async () => {
  await using world = await apart();
  const { clock, db, here } = world;
  here.publish({ type: 'revoked', scope: 'device', id: 'd' });
  await clock.advance(1_000);
  assert.equal((await db.selectFrom('revocation').selectAll().execute()).length, 1);
  for (let minute = 0; minute < 25; minute += 1) await clock.advance(60_000);
  assert.equal((await db.selectFrom('revocation').selectAll().execute()).length, 0);
});

test('a process that reaches neither the bus nor the database has every right looked at after ten seconds, and again', async () => {
  await using world = await apart();
  const { clock, db, there } = world;
  const heard: BusMessage[] = [];
  there.subscribe('revoked', (message) => heard.push(message));
  await db.destroy();
  await clock.advance(9_000);
  assert.deepEqual(heard, []);
  await clock.advance(2_000);
  assert.deepEqual(heard, [{ type: 'revoked', scope: 'all', id: '' }]);
  await clock.advance(10_000);
  assert.equal(heard.length, 2);
});
