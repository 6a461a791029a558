import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { RowReader } from './row-reader.ts';
import { openSqlite } from './sqlite.ts';

test('a row is found as it was committed last, also while somebody is about to change it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-rows-'));
  await using _removal = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
  const path = join(directory, 't.db');
  const db = await openSqlite(path);
  await using _closing = { [Symbol.asyncDispose]: () => db.destroy() };
  using reader = new RowReader(path);
  const find = reader.prepare<{ readonly value: string }>(db.selectFrom('setting').selectAll().where('name', '=', '').compile());
  await db.insertInto('setting').values({ name: 'colour', value: 'red' }).execute();
  await db.transaction().execute(async (tx) => {
    await tx.updateTable('setting').set({ value: 'blue' }).where('name', '=', 'colour').execute();
    assert.equal(find(['colour'])?.value, 'red');
  });
  assert.equal(find(['colour'])?.value, 'blue');
  assert.equal(find(['shape']), undefined);
});
