import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SystemClock, silentLogger } from '@cardea/core';
import { WebSocket, WebSocketServer } from 'ws';
import { KeyVault } from '../tokens/key-vault.ts';
import { forwardUpgrade } from './forward-upgrade.ts';
import { HttpServer, refuseUpgrade } from './http-server.ts';
import { LocalAuthority } from './tls/local-authority.ts';

const clock = new SystemClock();

interface Pair extends AsyncDisposable {
  /** Where clients ask. */
  readonly near: string;
  /** What the far server was asked with. */
  readonly asked: IncomingHttpHeaders[];
}

/** A server over TLS that repeats what it is told at `/repeat` and refuses everything else, and one that leads there. */
async function startPair({ isTrusted = true, isThere = true } = {}): Promise<Pair> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'cardea-forward-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const authority = await LocalAuthority.open({ directory, clock, vault: new KeyVault(undefined) });
  const far = stack.use(new HttpServer({ logger: silentLogger, tls: await authority.certificateFor(['127.0.0.1']) }));
  const repeating = new WebSocketServer({ noServer: true });
  const asked: IncomingHttpHeaders[] = [];
  far.onUpgrade(
    () => true,
    ({ request, socket, head, url }) => {
      asked.push(request.headers);
      if (url.pathname !== '/repeat') return refuseUpgrade(socket, 401);
      repeating.handleUpgrade(request, socket, head, (webSocket) => webSocket.on('message', (data) => webSocket.send(String(data))));
    },
  );
  const farPort = await far.listen('127.0.0.1', 0);
  if (!isThere) await far[Symbol.asyncDispose]();
  const near = stack.use(new HttpServer({ logger: silentLogger }));
  near.onUpgrade(
    () => true,
    (upgrade) => {
      const target = new URL(upgrade.url.pathname + upgrade.url.search, `https://127.0.0.1:${farPort}`);
      forwardUpgrade(upgrade, target, { clock, authority: isTrusted ? authority.cert : undefined });
    },
  );
  const port = await near.listen('127.0.0.1', 0);
  const running = stack.move();
  return { near: `ws://127.0.0.1:${port}`, asked, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

const refused = (status: number) => ({ message: `Unexpected server response: ${status}` });

test('a connection is passed on to a server of the own authority, without the cookie, and ends with it', async () => {
  await using pair = await startPair();
  const headers = { cookie: 'cardea-session=secret', authorization: 'Bearer token' };
  const socket = new WebSocket(`${pair.near}/repeat?token=x`, { headers });
  await once(socket, 'open');
  socket.send('hello');
  assert.equal(String((await once(socket, 'message'))[0]), 'hello');
  assert.deepEqual([pair.asked[0]?.cookie, pair.asked[0]?.authorization], [undefined, 'Bearer token']);
  socket.close(1000, 'done');
  assert.deepEqual([(await once(socket, 'close'))[0]], [1000]);
});

test('a refusal comes back as it is, and a server that is not there or not of the own authority is answered for with 502', async () => {
  await using pair = await startPair();
  await assert.rejects(once(new WebSocket(`${pair.near}/other`), 'open'), refused(401));
  await using strange = await startPair({ isTrusted: false });
  await assert.rejects(once(new WebSocket(`${strange.near}/repeat`), 'open'), refused(502));
  await using gone = await startPair({ isThere: false });
  await assert.rejects(once(new WebSocket(`${gone.near}/repeat`), 'open'), refused(502));
});
