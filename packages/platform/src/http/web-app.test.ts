import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
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
