import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { GroupCommit } from './group-commit.ts';
import { openSqlite } from './sqlite.ts';

test('changes that come together share transactions, and one that fails takes no other down', async () => {
  const db = await openSqlite(':memory:');
  const groups = new GroupCommit(db, new VirtualClock());
  const put = (name: string) =>
    groups.run(async (transaction) => {
      await transaction.insertInto('setting').values({ name, value: name }).execute();
      return name;
    });
  const names = Array.from({ length: 70 }, (_, index) => `name ${index === 50 ? 20 : index}`);
  const outcomes = await Promise.allSettled(names.map(put));
  const failed = outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []));
  assert.deepEqual(failed, [50]);
  const { count } = await db
    .selectFrom('setting')
    .select((e) => e.fn.countAll().as('count'))
    .where('name', 'like', 'name %')
    .executeTakeFirstOrThrow();
  assert.equal(count, 69);
  await db.destroy();
});

test('nobody is answered when the transaction could not be committed', async () => {
  const db = await openSqlite(':memory:');
  const groups = new GroupCommit(db, new VirtualClock());
  const put = (name: string) => groups.run((transaction) => transaction.insertInto('setting').values({ name, value: '' }).execute());
  const outcomes = Promise.allSettled([put('one'), put('two')]);
  await db.destroy();
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});
