import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { takeTurns } from './handshake-turns.ts';

test('of many clients that speak at once eight begin in a turn, in their order, and one that broke meanwhile does not', async () => {
  const begun: Socket[] = [];
  const server = createServer((socket) => begun.push(socket));
  takeTurns(server);
  const sockets = Array.from({ length: 20 }, () => new Socket());
  const speak = (socket: Socket): void => {
    server.emit('connection', socket);
    socket.push('hello');
    socket.emit('readable');
  };
  for (const socket of sockets) speak(socket);
  assert.equal(begun.length, 0);
  sockets[18]?.destroy(new Error('broken'));
  await turn();
  assert.ok(begun.every((socket, at) => socket === sockets[at]));
  assert.equal(begun.length, 8);
  await turn();
  assert.equal(begun.length, 16);
  await turn();
  assert.deepEqual(
    begun.slice(16).map((socket) => sockets.indexOf(socket)),
    [16, 17, 19],
  );
  speak(new Socket());
  await turn();
  assert.equal(begun.length, 20);
});

test('a client has its turn when it has spoken, with what it said, and none when it hung up', async () => {
  const server = createServer((socket) => socket.pipe(socket));
  takeTurns(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const silent = connect(port, '127.0.0.1').end();
  await once(silent.resume(), 'close');
  const talker = connect(port, '127.0.0.1');
  await once(talker, 'connect');
  talker.write('hello');
  const [echoed] = await once(talker, 'data');
  assert.equal(String(echoed), 'hello');
  talker.destroy();
  server.close();
});
