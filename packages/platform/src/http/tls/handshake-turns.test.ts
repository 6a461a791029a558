import assert from 'node:assert/strict';
import { createServer, Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { takeTurns } from './handshake-turns.ts';

test('of many connections that come at once eight begin in a turn, in their order, and one that broke meanwhile does not', async () => {
  const begun: Socket[] = [];
  const server = createServer((socket) => begun.push(socket));
  takeTurns(server);
  const sockets = Array.from({ length: 20 }, () => new Socket());
  for (const socket of sockets) server.emit('connection', socket);
  assert.equal(begun.length, 0);
  sockets[18]?.destroy(new Error('broken'));
  await turn();
  assert.deepEqual(begun, sockets.slice(0, 8));
  await turn();
  assert.equal(begun.length, 16);
  await turn();
  assert.deepEqual(
    begun.slice(16),
    [16, 17, 19].map((at) => sockets[at]),
  );
  server.emit('connection', new Socket());
  await turn();
  assert.equal(begun.length, 20);
});
