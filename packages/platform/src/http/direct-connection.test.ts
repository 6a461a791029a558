import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { silentLogger } from '@cardea/core';
import type { DirectRequest } from './direct-connection.ts';
import { HttpServer } from './http-server.ts';

interface Server extends AsyncDisposable {
  readonly http: HttpServer;
  readonly port: number;
  /** Requests for `/later` that wait. */
  readonly waiting: DirectRequest[];
}

const answerOf = (text: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;

/** `/now` and `/later` are answered directly, everything else by a route that says so. */
async function listen(): Promise<Server> {
  const http = new HttpServer({ logger: silentLogger });
  const waiting: DirectRequest[] = [];
  http.answerDirectly((request) => {
    if (request.target.startsWith('/now')) request.send([answerOf(`direct ${request.target}`)]);
    else if (request.target === '/later') waiting.push(request);
    else return false;
    return true;
  });
  http.app.route({ method: ['GET', 'POST'], url: '/*', handler: async ({ method, url }) => `routed ${method} ${url}` });
  const port = await http.listen('127.0.0.1', 0);
  return { http, port, waiting, [Symbol.asyncDispose]: () => http[Symbol.asyncDispose]() };
}

/** Sends each of `pieces` in a write of its own, and resolves with what came once it matches `until`. */
async function talk(socket: Socket, pieces: readonly string[], until: RegExp): Promise<string> {
  let text = '';
  for (const piece of pieces) socket.write(piece);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (until.test(text)) return text;
  }
  throw new Error(`the connection ended after ${JSON.stringify(text)}`);
}

const get = (target: string, headers = ''): string => `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

test('requests of one connection are answered in their order, also those sent together', async () => {
  await using server = await listen();
  const socket = connect(server.port, '127.0.0.1');
  const all = await talk(socket, [Array.from({ length: 700 }, (_, number) => get(`/now/${number}`)).join('')], /\/now\/699$/);
  assert.deepEqual(
    [...all.matchAll(/direct \/now\/(\d+)/g)].map(([, number]) => Number(number)),
    Array.from({ length: 700 }, (_, number) => number),
  );
  const both = talk(socket, [get('/later') + get('/now')], /direct \/now$/);
  socket.once('error', () => {});
  while (server.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  server.waiting[0]?.send([answerOf('late')]);
  assert.match(await both, /late.*\r\n.*\r\n\r\ndirect \/now$/s);
  socket.destroy();
});

test('what is not for it goes to the routes as it came, and the connection stays there', async () => {
  await using server = await listen();
  for (const first of [
    'POST /now HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n',
    get('/now', 'content-length: 0\r\n'),
    get('/now', 'X: y\nContent-Length : 0\r\n'),
    get('/now', 'X: y\rContent-Length: 0\r\n'),
    get('/elsewhere'),
  ]) {
    const socket = connect(server.port, '127.0.0.1');
    const reply = await talk(socket, [get('/now/first'), first], /first[\s\S]*(routed [A-Z]+ \/\w+|400 Bad Request)/);
    assert.doesNotMatch(reply, /direct \/now$/);
    socket.destroy();
  }
  const socket = connect(server.port, '127.0.0.1');
  assert.match(await talk(socket, [get('/elsewhere')], /routed GET \/elsewhere/), /200 OK/);
  assert.match(await talk(socket, [get('/now')], /routed GET \/now/), /200 OK/);
  socket.destroy();
});

test('a request that comes in pieces is answered by the routes', async () => {
  await using server = await listen();
  const socket = connect(server.port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.write('GET /el');
  await once(socket, 'connect');
  assert.match(await talk(socket, ['sewhere HTTP/1.1\r\nHost: x\r\n\r\n'], /routed/), /routed GET \/elsewhere/);
  socket.destroy();
});

test('who goes away while it waits is noticed, and who stays is let go when the server ends', async () => {
  const server = await listen();
  const gone = connect(server.port, '127.0.0.1', () => gone.write(get('/later')));
  while (server.waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const [waiting] = server.waiting;
  assert.ok(waiting !== undefined);
  const noticed = new Promise<void>((resolve) => {
    waiting.onClosed = resolve;
  });
  gone.destroy();
  await noticed;
  assert.equal(waiting.isClosed, true);
  waiting.send([answerOf('nobody hears this')]);

  const idle = connect(server.port, '127.0.0.1');
  await talk(idle, [get('/now')], /direct/);
  const closed = once(idle, 'close');
  await server[Symbol.asyncDispose]();
  await closed;
});

test('who sends without end and reads nothing is cut off', async () => {
  await using server = await listen();
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(get('/later') + get('/now').repeat(4_000));
  await once(socket, 'close');
});
