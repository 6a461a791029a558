import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { AppError, hasStatus, VirtualClock } from '@cardea/core';
import type { Db } from '../store/ports.ts';
import { openSqlite } from '../store/sql/sqlite.ts';
import { LoginGuard } from './login-guard.ts';

const MINUTE_MS = 60_000;

/** A guard on tries of its own, or one more on those of another. */
async function open(clock = new VirtualClock(), db?: Db): Promise<LoginGuard> {
  return new LoginGuard({ clock, db: db ?? (await openSqlite(':memory:')) }, 'password');
}

const wrong = (): Promise<never> => Promise.reject(new AppError('UNAUTHORIZED'));
const right = (): Promise<string> => Promise.resolve('in');

async function fail(guard: LoginGuard, account: string, address: string, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) await assert.rejects(guard.guard(account, address, wrong));
}

test('ten wrong passwords in 15 minutes close the account for that address, even to the right one', async () => {
  const clock = new VirtualClock();
  const guard = await open(clock);
  await fail(guard, 'ann@example.org', '192.0.2.1', 10);
  await assert.rejects(guard.guard('Ann@Example.org', '192.0.2.1', right), (error) => {
    assert.ok(hasStatus(error, 'RATE_LIMITED'));
    assert.equal(error.retryAfterMs, 15 * MINUTE_MS);
    return true;
  });
  assert.equal(await guard.guard('ann@example.org', '192.0.2.2', right), 'in');
  assert.equal(await guard.guard('bob@example.org', '192.0.2.1', right), 'in');
  await clock.advance(15 * MINUTE_MS);
  assert.equal(await guard.guard('ann@example.org', '192.0.2.1', right), 'in');
});

test('a login that works forgives the failures before it', async () => {
  const guard = await open();
  await fail(guard, 'ann@example.org', '192.0.2.1', 9);
  await guard.guard('ann@example.org', '192.0.2.1', right);
  await fail(guard, 'ann@example.org', '192.0.2.1', 9);
  assert.equal(await guard.guard('ann@example.org', '192.0.2.1', right), 'in');
});

test('guessing at many accounts from one address ends after a hundred failures', async () => {
  const guard = await open();
  for (let account = 0; account < 100; account += 1) await fail(guard, `user${account}@example.org`, '192.0.2.1', 1);
  await assert.rejects(guard.guard('ann@example.org', '192.0.2.1', right), { status: 'RATE_LIMITED' });
  assert.equal(await guard.guard('ann@example.org', '192.0.2.9', right), 'in');
});

test('addresses of one IPv6 network count as one', async () => {
  const guard = await open();
  for (let host = 1; host <= 10; host += 1) await fail(guard, 'ann@example.org', `2001:db8:1:2::${host}`, 1);
  await assert.rejects(guard.guard('ann@example.org', '2001:DB8:1:2:ffff::9', right), { status: 'RATE_LIMITED' });
  assert.equal(await guard.guard('ann@example.org', '2001:db8:1:3::1', right), 'in');
});

test('guesses sent all at once gain nothing', async () => {
  const guard = await open();
  let tried = 0;
  const slow = async (): Promise<never> => {
    tried += 1;
    await Promise.resolve();
    throw new AppError('UNAUTHORIZED');
  };
  await Promise.allSettled(Array.from({ length: 50 }, () => guard.guard('ann@example.org', '192.0.2.1', slow)));
  assert.equal(tried, 10);
});

test('a failure that is not a wrong password is not held against anybody', async () => {
  const guard = await open();
  for (let n = 0; n < 20; n += 1) {
    await assert.rejects(
      guard.guard('ann@example.org', '192.0.2.1', () => Promise.reject(new AppError('INTERNAL_ERROR'))),
      { status: 'INTERNAL_ERROR' },
    );
  }
  assert.equal(await guard.guard('ann@example.org', '192.0.2.1', right), 'in');
});

test('what is tried at one process counts at the others, and is not forgotten when they start again', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-guard-'));
  t.after(() => rm(directory, { recursive: true }));
  const clock = new VirtualClock();
  const opened = [await openSqlite(join(directory, 't.db')), await openSqlite(join(directory, 't.db'))] as const;
  const [first, second] = [await open(clock, opened[0]), await open(clock, opened[1])];
  await fail(first, 'ann@example.org', '192.0.2.1', 5);
  await fail(second, 'ann@example.org', '192.0.2.1', 5);
  await assert.rejects(first.guard('ann@example.org', '192.0.2.1', right), { status: 'RATE_LIMITED' });
  for (const db of opened) await db.destroy();
  const later = await openSqlite(join(directory, 't.db'));
  await assert.rejects((await open(clock, later)).guard('ann@example.org', '192.0.2.1', right), { status: 'RATE_LIMITED' });
  const texts = await later.selectFrom('login_try').selectAll().execute();
  assert.doesNotMatch(JSON.stringify(texts), /ann|192\.0\.2/);
  await later.destroy();
});
