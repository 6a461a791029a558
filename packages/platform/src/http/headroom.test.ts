import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { test } from 'node:test';
import { silentLogger, VirtualClock } from '@cardea/core';
import { Headroom } from './headroom.ts';
import { HttpServer } from './http-server.ts';
import type { Memory } from './process-memory.ts';

const requests = {
  health: ['GET', '/readyz'],
  revoke: ['DELETE', '/api/v1/shares/1'],
  command: ['POST', '/api/v1/devices/1/commands/ptz.control'],
  live: ['GET', '/live/1/1/main/stream.flv'],
  upload: ['PUT', '/vr/v1/objects/1'],
  list: ['GET', '/api/v1/devices'],
  app: ['GET', '/'],
} as const;

function memoryAt(share: () => number): Memory {
  return { share, collect: () => {} };
}

/** Which requests a server with so much memory in use takes. */
async function takenAt(share: number): Promise<readonly string[]> {
  await using server = new HttpServer({
    logger: silentLogger,
    headroom: new Headroom(
      new VirtualClock(),
      memoryAt(() => share),
    ),
  });
  for (const [method, url] of Object.values(requests)) server.app.route({ method, url, handler: async () => 'taken' });
  const port = await server.listen('127.0.0.1', 0);
  const taken: string[] = [];
  for (const [name, [method, path]] of Object.entries(requests)) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    await answer.bytes();
    if (answer.status === 200) taken.push(name);
    else assert.deepEqual([answer.status, Number(answer.headers.get('retry-after')) >= 2], [503, true], name);
  }
  return taken;
}

test('as memory runs out recordings wait first, then live pictures, and last what ends a right or moves a camera', async () => {
  assert.deepEqual(await takenAt(0.79), ['health', 'revoke', 'command', 'live', 'upload', 'list', 'app']);
  assert.deepEqual(await takenAt(0.8), ['health', 'revoke', 'command', 'live']);
  assert.deepEqual(await takenAt(0.85), ['health', 'revoke', 'command']);
  await assert.rejects(takenAt(0.9), 'not even a connection');
});

test('whoever brings or takes live pictures past HTTP is let in as long as live pictures are', () => {
  const takesLive = (share: number): boolean =>
    new Headroom(
      new VirtualClock(),
      memoryAt(() => share),
    ).takesLive();
  assert.deepEqual([takesLive(0.84), takesLive(0.85)], [true, false]);
});

test('a socket for which there is no memory is refused with a time to come back', async () => {
  await using server = new HttpServer({
    logger: silentLogger,
    headroom: new Headroom(
      new VirtualClock(),
      memoryAt(() => 0.87),
    ),
  });
  server.onUpgrade(
    () => true,
    ({ socket }) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n'),
  );
  const port = await server.listen('127.0.0.1', 0);
  const asked = get(`http://127.0.0.1:${port}/vd/v1`, { headers: { connection: 'upgrade', upgrade: 'websocket' } });
  const [{ statusCode, headers }] = await once(asked, 'response');
  assert.deepEqual([statusCode, Number(headers['retry-after']) >= 2], [503, true]);
});

test('those turned away are told different times, and memory that came free lets everybody in', async () => {
  const clock = new VirtualClock();
  let share = 0.99;
  const headroom = new Headroom(
    clock,
    memoryAt(() => share),
  );
  const waits = Array.from({ length: 20 }, () => headroom.refusalOf('GET', '/')?.retryAfterMs);
  assert.equal(new Set(waits).size, 20);
  assert.equal(headroom.refused, 20);
  share = 0.1;
  await clock.advance(100);
  assert.equal(headroom.refusalOf('GET', '/'), undefined);
});

test('garbage is no reason to turn anybody away, and is not collected all the time', async () => {
  const clock = new VirtualClock();
  let share = 0.95;
  let collections = 0;
  const collect = (): void => {
    collections += 1;
    share = 0.4;
  };
  const headroom = new Headroom(clock, { share: () => share, collect });
  assert.equal(headroom.refusalOf('GET', '/'), undefined);
  share = 0.95;
  await clock.advance(1_000);
  assert.equal(headroom.refusalOf('GET', '/')?.status, 'NO_CAPACITY');
  await clock.advance(9_000);
  assert.equal(headroom.refusalOf('GET', '/'), undefined);
  assert.equal(collections, 2);
});
