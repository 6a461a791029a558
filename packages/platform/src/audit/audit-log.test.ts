import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { VirtualClock } from '@cardea/core';
import { sql } from 'kysely';
import { openSqlite } from '../store/sql/sqlite.ts';
import { AuditLog } from './audit-log.ts';
import { verifyAudit } from './verify-audit.ts';

async function open(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'cardea-audit-'));
  const db = await openSqlite(join(directory, 'cardea.db'));
  t.after(async () => {
    await db.destroy();
    await rm(directory, { recursive: true });
  });
  const clock = new VirtualClock();
  return { directory, db, clock, audit: new AuditLog({ db, clock }) };
}

test('what many write down at once makes one unbroken chain, also from several processes', async (t) => {
  const { audit, clock, db, directory } = await open(t);
  const otherDb = await openSqlite(join(directory, 'cardea.db'));
  t.after(() => otherDb.destroy());
  const other = new AuditLog({ db: otherDb, clock });
  const notes = Array.from({ length: 40 }, (_, index) => ({ action: 'live.create', userId: 'u', homeId: 'h', detail: { index } }));
  await Promise.all(notes.map((note, index) => (index % 2 === 0 ? audit : other).record(note)));
  const { entries, head, fault } = await verifyAudit(db);
  assert.deepEqual([entries, head.seq, fault], [40, 40, undefined]);
});

test('an entry that was edited, removed, moved or slipped in is found, whichever of 300 it is', async (t) => {
  const { audit, clock, db } = await open(t);
  for (let index = 0; index < 300; index += 1) {
    await clock.advance(1_000);
    await audit.record({ action: 'segment.media', userId: `user-${index % 3}`, homeId: 'h', deviceId: 'd', detail: { id: index } });
  }
  const { head } = await verifyAudit(db);
  const tampering: Record<string, (seq: number) => ReturnType<typeof sql>> = {
    edit: (seq) => sql`update audit set user_id = 'nobody' where seq = ${seq}`,
    editTime: (seq) => sql`update audit set at = at - 1 where seq = ${seq}`,
    editDetail: (seq) => sql`update audit set detail = '{}' where seq = ${seq}`,
    remove: (seq) => sql`delete from audit where seq = ${seq}`,
    move: (seq) => sql`update audit set seq = seq + 1000 where seq = ${seq}`,
    copy: (seq) =>
      sql`insert into audit select seq + 1000, at, user_id, home_id, device_id, action, detail, previous_hash, hash from audit where seq = ${seq}`,
  };
  const undo: unknown = Symbol('undo');
  let found = 0;
  for (const [name, tamper] of Object.entries(tampering)) {
    for (let seq = 1; seq <= 300; seq += 13) {
      const attempt = db.transaction().execute(async (tx) => {
        await tamper(seq).execute(tx);
        if ((await verifyAudit(tx, head)).fault === undefined) assert.fail(`${name} of ${seq} was not found`);
        found += 1;
        throw undo;
      });
      await attempt.catch((error: unknown) => assert.equal(error, undo));
    }
  }
  assert.equal(found, 6 * 24);
  assert.equal((await verifyAudit(db, head)).fault, undefined);
});

test('that the newest entries were cut off, or all written anew, shows with a head that was kept elsewhere', async (t) => {
  const { audit, clock, db } = await open(t);
  for (let index = 0; index < 10; index += 1) await audit.record({ action: 'session.create', userId: 'u' });
  const { head } = await verifyAudit(db);
  await db.deleteFrom('audit').where('seq', '>', 7).execute();
  assert.equal((await verifyAudit(db)).fault, undefined);
  assert.deepEqual((await verifyAudit(db, head)).fault, { seq: 8, kind: 'cutOff' });
  await db.deleteFrom('audit').execute();
  await clock.advance(1);
  for (let index = 0; index < 12; index += 1) await audit.record({ action: 'session.create', userId: 'u' });
  assert.deepEqual((await verifyAudit(db, head)).fault, { seq: 10, kind: 'changed' });
});

test('a page of the log goes on where the one before ended', async (t) => {
  const { audit, db } = await open(t);
  await db.insertInto('home').values({ id: 'h', name: 'Home', timezone: 'UTC', created_at: 0 }).execute();
  for (let index = 0; index < 5; index += 1)
    await audit.record({ action: 'live.create', userId: 'u', homeId: index === 2 ? 'other' : 'h' });
  // Only the authorizer makes proofs; what the log takes of one is the home.
  const proofs = [{ homeId: 'h' }] as unknown as Parameters<AuditLog['list']>[0];
  const first = await audit.list(proofs, { limit: 3 });
  assert.deepEqual([first.items.map(({ id }) => id), first.next], [['5', '4', '2'], '2']);
  const second = await audit.list(proofs, { limit: 3, cursor: first.next });
  assert.deepEqual([second.items.map(({ id }) => id), second.next], [['1'], undefined]);
});
