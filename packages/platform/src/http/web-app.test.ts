import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { silentLogger } from '@cardea/core';
import { HttpServer } from './http-server.ts';
import { registerWebApp } from './web-app.ts';

test('every address of the app is its page, to look at or to ask about; what is missing elsewhere is a problem', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-web-app-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'index.html'), '<!doctype html>');
  const server = stack.use(new HttpServer({ logger: silentLogger }));
  registerWebApp(server.app, { directory });
  const origin = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}`;

  for (const method of ['GET', 'HEAD']) {
    for (const path of ['/', '/cameras/x']) assert.equal((await fetch(origin + path, { method })).status, 200, `${method} ${path}`);
    for (const path of ['/missing.js', '/api/v1//me', '/live/x']) {
      const { status, headers } = await fetch(origin + path, { method });
      assert.deepEqual([status, headers.get('content-type')], [404, 'application/problem+json'], `${method} ${path}`);
    }
  }
  assert.equal((await fetch(`${origin}/live/x`)).headers.get('cache-control'), 'private, no-store');
  assert.equal((await fetch(`${origin}/cameras/x`, { method: 'POST' })).status, 404);
});

test('browsers that take it get the compressed copy of a file, others the file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-web-app-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, 'app.js'), 'plain');
  await writeFile(join(directory, 'app.js.br'), brotliCompressSync('compressed'));
  const server = stack.use(new HttpServer({ logger: silentLogger }));
  registerWebApp(server.app, { directory });
  const url = `http://127.0.0.1:${await server.listen('127.0.0.1', 0)}/app.js`;

  const small = await fetch(url, { headers: { 'accept-encoding': 'gzip, br' } });
  const { headers } = small;
  assert.deepEqual([headers.get('content-encoding'), headers.get('vary'), await small.text()], ['br', 'accept-encoding', 'compressed']);
  assert.equal(headers.get('content-type'), 'application/javascript; charset=utf-8');
  const plain = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  assert.deepEqual([plain.headers.get('content-encoding'), await plain.text()], [null, 'plain']);
});
