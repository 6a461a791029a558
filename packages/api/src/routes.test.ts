import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { addresses } from './addresses.ts';
import { createOpenApiDocument } from './openapi.ts';
import type { Route } from './route.ts';
import { routes } from './routes/index.ts';

const table: readonly Route[] = routes;

test('every address has one operation, and no two share one', () => {
  assert.deepEqual(
    table.map((route) => route.id),
    Object.keys(addresses),
  );
  assert.equal(new Set(table.map((route) => `${route.method} ${route.path}`)).size, table.length);
});

test('the schema of the path names exactly the parameters of the path', () => {
  for (const { id, path, params } of table) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    assert.deepEqual(Object.keys(params?.properties ?? {}).sort(), inPath.sort(), id);
  }
});

test('an operation on an object names it in its path, so that its proof can be made', () => {
  for (const { id, access, params } of table) {
    const wanted = {
      public: [],
      anyone: [],
      user: [],
      login: [],
      operator: [],
      home: ['id'],
      membership: ['id', 'userId'],
      device: ['id'],
      segment: ['id'],
      event: ['id'],
      deviceLog: ['id'],
      share: ['id'],
      command: ['id', 'method'],
      liveSession: ['sessionId'],
    };
    const names = Object.keys(params?.properties ?? {});
    assert.ok(
      wanted[access.kind].every((name) => names.includes(name)),
      id,
    );
  }
});

test('an operation without an answer succeeds with 204, every other one says what it answers', () => {
  for (const { id, success, answer, produces } of table) assert.equal(success === 204, answer === undefined && produces === undefined, id);
});

test('the OpenAPI document holds every operation once, with its parameters and answers', () => {
  const { paths } = JSON.parse(JSON.stringify(createOpenApiDocument()));
  const operations = Object.entries<Record<string, { operationId: string; parameters?: { in: string }[] }>>(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  assert.equal(operations.length, table.length);
  for (const { id, method, path, params } of table) {
    const found = operations.find(({ operation }) => operation.operationId === id);
    assert.equal(`${found?.method} ${found?.path}`, `${method.toLowerCase()} ${path}`);
    const inPath = found?.operation.parameters?.filter((parameter) => parameter.in === 'path') ?? [];
    assert.equal(inPath.length, Object.keys(params?.properties ?? {}).length, id);
  }
});

test('docs/openapi.json is what the code says (npm run generate writes it)', () => {
  const written = readFileSync(join(import.meta.dirname, '../../../docs/openapi.json'), 'utf8');
  assert.equal(written, `${JSON.stringify(createOpenApiDocument(), null, 2)}\n`);
});
