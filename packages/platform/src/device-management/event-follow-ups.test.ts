import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { sql } from 'kysely';
import { ControlPlane } from '../testing/control-plane.ts';
import type { LogTasks } from './ports.ts';

const TASK = '01KDVAF400H3S7TVJ0D4G8QX5N';

/** Notes which tasks it was told of, and never comes to an end with one if it is `stuck`. */
function logTasks({ stuck = false } = {}): LogTasks & { readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    ended: async (_deviceId, { taskId }) => {
      told.push(taskId);
      if (stuck) await new Promise(() => {});
    },
  };
}

async function dueIn(plane: ControlPlane): Promise<readonly string[]> {
  const rows = await plane.db.selectFrom('device_event').select('type').where('followed', '=', 0).execute();
  return rows.map(({ type }) => type);
}

test('what follows from an event follows at the next start when the platform died in between, and only then', async (t) => {
  const before = logTasks({ stuck: true });
  const plane = await ControlPlane.start({ management: { logs: before } });
  const { directory } = plane;
  t.after(() => rm(directory, { recursive: true, force: true }));
  const { connection, device } = await plane.boundDevice();
  await connection.event('config.changed', { version: 7, keys: ['device.name'] });
  assert.deepEqual(await dueIn(plane), []);
  void connection.event('log.uploadDone', { taskId: TASK, status: 'failed', files: [] });
  await plane.until(() => before.told.length === 1);
  // So it stands when a battery event was stored and the process was gone a moment later.
  const battery = { present: true, levelPct: 4, level: 'critical', charge: 'notCharging', source: 'battery' };
  assert.equal((await connection.event('power.batteryChanged', { battery, cause: 'level' })).error, undefined);
  await plane.db.updateTable('device_event').set({ followed: 0 }).where('type', '=', 'battery').execute();
  await plane.db.updateTable('device').set({ last_status: null }).where('id', '=', device.id).execute();
  await plane.stop();

  const after = logTasks();
  const next = await ControlPlane.start({ directory, management: { logs: after } });
  assert.deepEqual(after.told, [TASK]);
  assert.equal((await next.management.describe(await next.proof(device.id, 'view.live'))).battery?.levelPct, 4);
  assert.deepEqual(await dueIn(next), []);
  await next.stop();

  const third = logTasks();
  await using last = await ControlPlane.start({ directory, management: { logs: third } });
  assert.deepEqual([third.told, await dueIn(last)], [[], []]);
});

test('an event that comes again has its consequences then, when they failed the first time', async () => {
  const told: string[] = [];
  const ended: LogTasks['ended'] = async (_deviceId, { taskId }) => {
    told.push(taskId);
    if (told.length === 1) throw new Error('the disk is full');
  };
  await using plane = await ControlPlane.start({ management: { logs: { ended } } });
  const { connection, device } = await plane.boundDevice();
  const report = { eventId: device.ulid(), occurredAt: 1, taskId: TASK, status: 'failed', files: [] };
  assert.equal((await connection.request('log.uploadDone', report)).error?.code, -32_603);
  assert.deepEqual((await connection.request('log.uploadDone', report)).result, { received: true });
  assert.deepEqual((await connection.request('log.uploadDone', report)).result, { received: true });
  assert.deepEqual(told, [TASK, TASK]);
});

test('what is due is found without looking at every event', async () => {
  await using plane = await ControlPlane.start();
  const { rows } = await sql<{ detail: string }>`
    explain query plan select * from device_event where followed = 0 and id > 'A' order by id limit 100`.execute(plane.db);
  assert.deepEqual(
    rows.map(({ detail }) => detail),
    ['SEARCH device_event USING INDEX device_event_due (id>?)'],
  );
});

test('a camera that goes dark is in the account of recordings from that moment until it comes back', async () => {
  await using plane = await ControlPlane.start();
  const { connection } = await plane.boundDevice();
  const at = plane.clock.now();
  await connection.event('channel.changed', { channel: 1, online: false, capHash: 'a', occurredAt: at - 5_000 });
  await connection.event('channel.changed', { channel: 1, online: true, capHash: 'a', occurredAt: at });
  const rows = await plane.db
    .selectFrom('recording_fact')
    .select(['channel', 'at', 'value'])
    .where('fact', '=', 'signal')
    .orderBy('at')
    .execute();
  assert.deepEqual(
    rows.map((row) => [row.channel, row.at, row.value]),
    [
      [1, at - 5_000, 'lost'],
      [1, at, 'there'],
    ],
  );
});
