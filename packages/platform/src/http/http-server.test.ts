import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { createLogger, silentLogger, VirtualClock } from '@cardea/core';
import { HttpServer } from './http-server.ts';

/** A server whose one route is being asked: `begun` says so, and `end` lets the work for it end. */
async function askedServer(server: HttpServer) {
  const begun = Promise.withResolvers<void>();
  const work = Promise.withResolvers<void>();
  const ended: string[] = [];
  server.app.get('/work', async () => {
    begun.resolve();
    await work.promise;
    ended.push('work');
    return 'done';
  });
  const port = await server.listen('127.0.0.1', 0);
  const answer = fetch(`http://127.0.0.1:${port}/work`).then(
    ({ status }) => String(status),
    () => 'cut',
  );
  await begun.promise;
  return { answer, ended, end: work.resolve };
}

test('a server that closes lets the work of requests end first, so that what they use can be closed after it', async () => {
  const server = new HttpServer({ logger: silentLogger });
  const { answer, ended, end } = await askedServer(server);
  const closed = server[Symbol.asyncDispose]().then(() => ended.push('server'));
  assert.equal(await answer, 'cut');
  end();
  await closed;
  assert.deepEqual(ended, ['work', 'server']);
});

test('work that does not end does not keep a server from closing', async () => {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const server = new HttpServer({ logger: createLogger('silent', { write: (line) => void lines.push(line) }), clock });
  const { answer } = await askedServer(server);
  const closed = server[Symbol.asyncDispose]();
  await answer;
  while (!lines.some((line) => line.includes('requests were still being worked on'))) {
    await clock.advance(1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await closed;
});

test('what cannot be read as a request gets a problem document, too', async () => {
  await using server = new HttpServer({ logger: silentLogger });
  const port = await server.listen('127.0.0.1', 0);
  const cases: readonly (readonly [string, number])[] = [
    ['/a/%zz', 400],
    [`/a?x=${'x'.repeat(20_000)}`, 431],
  ];
  for (const [path, status] of cases) {
    const asked = request({ host: '127.0.0.1', port, path, agent: false }).end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    const problem = JSON.parse(await text(response));
    assert.deepEqual([response.statusCode, response.headers['content-type']], [status, 'application/problem+json'], path);
    assert.deepEqual([problem.status, problem.code], [status, -32600]);
  }
});
