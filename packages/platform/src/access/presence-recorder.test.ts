import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, VirtualClock } from '@cardea/core';
import { InProcessBus } from '../store/bus/in-process-bus.ts';
import type { Db } from '../store/ports.ts';
import { openSqlite } from '../store/sql/sqlite.ts';
import { PresenceRecorder } from './presence-recorder.ts';

const devices = ['first', 'second', 'third'];

async function openRecorder() {
  const db = await openSqlite(':memory:');
  await db
    .insertInto('device')
    .values(
      devices.map((id) => ({
        ...{ id, name: id, vendor: 'v', model: 'm', serial: 's', firmware: '1', channels: 1, low_power: 0, disabled: 0 },
        ...{ binding_epoch: 0, created_at: 1 },
      })),
    )
    .execute();
  const clock = new VirtualClock();
  return { db, clock, recorder: new PresenceRecorder({ db, bus: new InProcessBus(silentLogger), clock, logger: silentLogger }) };
}

async function seen(db: Db): Promise<readonly (number | null)[]> {
  const rows = await db.selectFrom('device').select('last_seen_at').orderBy('id').execute();
  return rows.map((row) => row.last_seen_at);
}

test('one device that is heard is written at once, those that come right after it are written together', async () => {
  const { db, clock, recorder } = await openRecorder();
  recorder.note('first', { heardAt: 1, announce: false });
  await clock.advance(0);
  recorder.note('second', { heardAt: 2, announce: false });
  recorder.note('third', { heardAt: 3, announce: false });
  recorder.note('second', { heardAt: 4, announce: false });
  await clock.advance(249);
  assert.deepEqual(await seen(db), [1, null, null]);
  await clock.advance(1);
  await clock.advance(0);
  assert.deepEqual(await seen(db), [1, 4, 3]);
  await recorder[Symbol.asyncDispose]();
  await db.destroy();
});

test('a platform that stops does not wait to write who was heard last', async () => {
  const { db, clock, recorder } = await openRecorder();
  recorder.note('first', { heardAt: 1, announce: false });
  await clock.advance(0);
  recorder.note('second', { heardAt: 2, announce: false });
  await recorder[Symbol.asyncDispose]();
  assert.deepEqual(await seen(db), [1, 2, null]);
  await db.destroy();
});
