import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sql } from 'kysely';
import { UserSide } from '../testing/user-side.ts';

const DAY_MS = 24 * 3_600_000;

test('a copy of the database lets nobody in: neither its session tokens nor its hashes are credentials', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  assert.notEqual(await side.accounts.authenticate(token), undefined);
  for (const table of ['session', 'account', 'verification'] as const) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(side.db);
    for (const value of rows.flatMap((row) => Object.values(row))) {
      if (typeof value === 'string') assert.equal(await side.accounts.authenticate(value), undefined);
    }
  }
});

test('a session token with one letter changed is no credential', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  for (const at of [0, 10, 40, 60]) {
    const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
    assert.equal(await side.accounts.authenticate(changed), undefined);
  }
});

test('a session ends thirty days after its last use', async () => {
  await using side = await UserSide.open();
  const { token } = await side.settle('Ann');
  await side.clock.advance(29 * DAY_MS);
  assert.notEqual(await side.accounts.authenticate(token), undefined);
  await side.clock.advance(2 * DAY_MS);
  assert.equal(await side.accounts.authenticate(token), undefined);
  await side.accounts.purgeExpired();
  assert.deepEqual(await side.db.selectFrom('session').select('id').execute(), []);
});

test('a link that logs in works once, for one of all who try at the same time', async () => {
  await using side = await UserSide.open();
  const { token, userId } = await side.settle('Ann');
  const oneTime = await side.accounts.createOneTimeToken(token);
  const tries = await Promise.allSettled(
    ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((address) => side.accounts.loginOnce(oneTime, { address })),
  );
  const winners = tries.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []));
  assert.equal(winners.length, 1);
  assert.equal(winners[0]?.user.id, userId);
  await assert.rejects(side.accounts.loginOnce(oneTime, { address: '192.0.2.1' }), { status: 'UNAUTHORIZED' });
});

test('an unknown address costs as much work as a wrong password', async () => {
  await using side = await UserSide.open();
  const { email } = await side.settle('Ann');
  const workOf = async (address: string): Promise<number> => {
    const before = process.cpuUsage();
    await assert.rejects(side.accounts.login({ email: address, password: 'wrong password' }, { address: '192.0.2.7' }), {
      status: 'UNAUTHORIZED',
    });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  };
  await workOf('warm@example.org');
  const known = Math.min(await workOf(email), await workOf(email), await workOf(email));
  const unknown = Math.min(await workOf('x@example.org'), await workOf('y@example.org'), await workOf('z@example.org'));
  assert.ok(unknown > known / 2, `${unknown} ms for an unknown address, ${known} ms for a wrong password`);
});
